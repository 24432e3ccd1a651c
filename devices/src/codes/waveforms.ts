/**
 * Waveforms (domain page "Bedside monitoring", section 6). Sources: [STD ISO/IEEE 11073-10101, partition 2 (SCADA) for the signals,
 * partition 1 (OBJ) for their attributes], [STD IHE DEV TF-2, WCM].
 */
export interface WaveformDefinition {
  code: number
  refid: string
  name: string
  label: string
  /** UCUM of a scaled sample. */
  unit: string
  /** [DEF] What devices of this house send. */
  rateHz: number
}

export const waveforms: readonly WaveformDefinition[] = [
  { code: 131329, refid: 'MDC_ECG_ELEC_POTL_I', name: 'ECG lead I', label: 'I', unit: 'mV', rateHz: 250 },
  { code: 131330, refid: 'MDC_ECG_ELEC_POTL_II', name: 'ECG lead II', label: 'II', unit: 'mV', rateHz: 250 },
  { code: 131389, refid: 'MDC_ECG_ELEC_POTL_III', name: 'ECG lead III', label: 'III', unit: 'mV', rateHz: 250 },
  { code: 131331, refid: 'MDC_ECG_ELEC_POTL_V1', name: 'ECG lead V1', label: 'V1', unit: 'mV', rateHz: 250 },
  { code: 150452, refid: 'MDC_PULS_OXIM_PLETH', name: 'Plethysmogram', label: 'Pleth', unit: '1', rateHz: 125 },
  { code: 150036, refid: 'MDC_PRESS_BLD_ART_ABP', name: 'Arterial pressure', label: 'ABP', unit: 'mm[Hg]', rateHz: 125 },
  { code: 151780, refid: 'MDC_IMPED_TTHOR', name: 'Respiration (impedance)', label: 'Resp', unit: '1', rateHz: 62.5 },
  { code: 151700, refid: 'MDC_CONC_AWAY_CO2', name: 'Airway CO₂', label: 'CO₂', unit: 'mm[Hg]', rateHz: 62.5 },
]

const byCode = new Map(waveforms.map((w) => [w.code, w]))
export const waveformByCode = (code: number): WaveformDefinition | undefined => byCode.get(code)

/** OBR-4 of a waveform message. */
export const WAVE_PROCEDURE = { code: 69121, refid: 'MDC_OBS_WAVE_CTS' } as const

/**
 * Attributes of a waveform, sent as facet rows below its metric. Senders write 0, the bare term (2445) or a number of their own (2327,
 * 262196) beside the refid, so the refid counts as much as the number. Only numbers of the standard stand here: 1::2445, 1::2381.
 */
export const waveAttributes = {
  rate: { codes: [], refids: ['MDC_ATTR_SAMP_RATE'] },
  period: { codes: [67981], refids: ['MDC_ATTR_TIME_PD_SAMP'] },
  resolution: { codes: [67917], refids: ['MDC_ATTR_NU_MSMT_RES'] },
  dataRange: { codes: [], refids: ['MDC_ATTR_DATA_RANGE'] },
  scaleRange: { codes: [], refids: ['MDC_ATTR_SCALE_RANGE', 'MDC_ATTR_NU_RANGE_MSMT'] },
  /** The count that stands for "no sample". */
  invalid: { codes: [196660], refids: ['MDC_EVT_INOP'] },
} as const satisfies Record<string, { codes: readonly number[]; refids: readonly string[] }>
export type WaveAttribute = keyof typeof waveAttributes

/** Which attribute a facet row carries; undefined for one that is not used here (grid, colour, ...). */
export function waveAttributeOf(code: number, refid: string): WaveAttribute | undefined {
  for (const [name, { codes, refids }] of Object.entries(waveAttributes) as [
    WaveAttribute,
    { codes: readonly number[]; refids: readonly string[] },
  ][])
    if ((code !== 0 && codes.includes(code)) || refids.includes(refid)) return name
  return undefined
}
