/**
 * What monitors measure: one row for each MDC code, in the order of domain page "Bedside monitoring", section 5.
 * Sources: [STD ISO/IEEE 11073-10101, partition 2 (SCADA)] codes and refids, [STD LOINC], [STD UCUM]; plausible ranges and intervals are
 * [DEF]. Where that section gives a code, it is the section's; those of ventilators follow the standard.
 */

/** The places of a wall's tile, filled by what a row names below (HR from ECG, else SpO₂ pulse, else NIBP pulse). */
export const slots = [
  'hr',
  'spo2',
  'rr',
  'nibpSys',
  'nibpDia',
  'nibpMean',
  'abpSys',
  'abpDia',
  'abpMean',
  'temp',
  'etco2',
  'pulse',
] as const
export type Slot = (typeof slots)[number]

/** Ages in ms at which a value is DELAYED, STALE and LOST (domain page, section 12). */
export interface Freshness {
  delayedMs: number
  staleMs: number
  lostMs: number
}

export interface MetricDefinition {
  code: number
  refid: string
  /** Other codes and refids for the same measurement; readers turn them into `code`. */
  aliasCodes: readonly number[]
  aliasRefids: readonly string[]
  /** Canonical UCUM. */
  unit: string
  loinc: readonly string[]
  name: string
  /** At most six characters, for a tile. */
  label: string
  decimals: number
  /** [DEF] In the canonical unit, both ends included. Outside: `implausible`. */
  plausible: readonly [low: number, high: number]
  /** [DEF] How often a device is expected to send it. */
  intervalMs: number
  fresh: Freshness
  slot?: Slot
  /** Which pressures belong together: sys > mean > dia is checked inside a family. */
  pressure?: { family: string; part: 'sys' | 'dia' | 'mean' }
}

/** [DEF] Intervals: numerics come every second or so, temperatures each minute, cuff pressures by schedule. */
export const DEFAULT_INTERVALS = { continuousMs: 1_000, temperatureMs: 60_000, cuffMs: 15 * 60_000 } as const

/**
 * Freshness of a metric that is sent every `intervalMs` (domain page, section 12): LIVE up to max(2i, 10 s), STALE after 30 s,
 * LOST after 120 s. Slower metrics stretch it, so that nothing is stale between two readings that come on time.
 */
export function freshness(intervalMs: number): Freshness {
  return {
    delayedMs: Math.max(2 * intervalMs, 10_000),
    staleMs: Math.max(3 * intervalMs, 30_000),
    lostMs: Math.max(6 * intervalMs, 120_000),
  }
}

/** Freshness of a measurement by schedule: dim when the next one is due, stale five minutes later, lost when a second one was missed. */
export function scheduledFreshness(scheduleMs: number): Freshness {
  return { delayedMs: scheduleMs, staleMs: scheduleMs + 5 * 60_000, lostMs: 2 * scheduleMs + 5 * 60_000 }
}

type Row = Omit<MetricDefinition, 'aliasCodes' | 'aliasRefids' | 'intervalMs' | 'fresh' | 'decimals'> &
  Partial<Pick<MetricDefinition, 'aliasCodes' | 'aliasRefids' | 'decimals'>>

const rows = (intervalMs: number, fresh: Freshness, list: Row[]): MetricDefinition[] =>
  list.map((row) => ({ aliasCodes: [], aliasRefids: [], decimals: 0, ...row, intervalMs, fresh }))

const continuous = (...list: Row[]) => rows(DEFAULT_INTERVALS.continuousMs, freshness(DEFAULT_INTERVALS.continuousMs), list)
const scheduled = (...list: Row[]) => rows(DEFAULT_INTERVALS.cuffMs, scheduledFreshness(DEFAULT_INTERVALS.cuffMs), list)
const slow = (...list: Row[]) => rows(DEFAULT_INTERVALS.temperatureMs, freshness(DEFAULT_INTERVALS.temperatureMs), list)

const rate = { unit: '/min' } as const
const mmHg = { unit: 'mm[Hg]' } as const
const temperature = { unit: 'Cel', loinc: ['8310-5'], plausible: [20, 45] as const, decimals: 1, slot: 'temp' as const }
const sys = (family: string) => ({ pressure: { family, part: 'sys' as const } })
const dia = (family: string) => ({ pressure: { family, part: 'dia' as const } })
const mean = (family: string) => ({ pressure: { family, part: 'mean' as const } })

export const metrics: readonly MetricDefinition[] = [
  ...continuous(
    {
      code: 147842,
      refid: 'MDC_ECG_HEART_RATE',
      aliasRefids: ['MDC_ECG_CARD_BEAT_RATE'],
      ...rate,
      loinc: ['8867-4'],
      name: 'Heart rate (ECG)',
      label: 'HR',
      plausible: [0, 350],
      slot: 'hr',
    },
    {
      code: 149530,
      refid: 'MDC_PULS_OXIM_PULS_RATE',
      ...rate,
      loinc: ['8889-8'],
      name: 'Pulse (SpO₂)',
      label: 'Pulse',
      plausible: [0, 350],
      slot: 'pulse',
    },
  ),
  ...scheduled({
    code: 149546,
    refid: 'MDC_PULS_RATE_NON_INV',
    ...rate,
    loinc: ['8867-4'],
    name: 'Pulse (NIBP)',
    label: 'Pulse',
    plausible: [0, 350],
    slot: 'pulse',
  }),
  ...continuous(
    {
      code: 150456,
      refid: 'MDC_PULS_OXIM_SAT_O2',
      unit: '%',
      loinc: ['59408-5', '2708-6'],
      name: 'Oxygen saturation (SpO₂)',
      label: 'SpO₂',
      plausible: [0, 100],
      slot: 'spo2',
    },
    {
      code: 151562,
      refid: 'MDC_RESP_RATE',
      ...rate,
      loinc: ['9279-1'],
      name: 'Respiratory rate',
      label: 'RR',
      plausible: [0, 150],
      slot: 'rr',
    },
    {
      // The standard numbers this refid 2::20506; 151570 is the domain page's and MDC_AWAY_RESP_RATE in the standard. Both are taken.
      code: 151570,
      refid: 'MDC_TTHOR_RESP_RATE',
      aliasCodes: [151578],
      ...rate,
      loinc: ['9279-1'],
      name: 'Respiratory rate (impedance)',
      label: 'RR',
      plausible: [0, 150],
      slot: 'rr',
    },
    {
      code: 151594,
      refid: 'MDC_CO2_RESP_RATE',
      ...rate,
      loinc: ['9279-1'],
      name: 'Respiratory rate (CO₂)',
      label: 'RR',
      plausible: [0, 150],
      slot: 'rr',
    },
  ),
  ...scheduled(
    {
      code: 150021,
      refid: 'MDC_PRESS_BLD_NONINV_SYS',
      aliasCodes: [150301],
      aliasRefids: ['MDC_PRESS_CUFF_SYS'],
      ...mmHg,
      loinc: ['8480-6'],
      name: 'Blood pressure, cuff, systolic',
      label: 'NIBP S',
      plausible: [30, 300],
      slot: 'nibpSys',
      ...sys('nibp'),
    },
    {
      code: 150022,
      refid: 'MDC_PRESS_BLD_NONINV_DIA',
      aliasCodes: [150302],
      aliasRefids: ['MDC_PRESS_CUFF_DIA'],
      ...mmHg,
      loinc: ['8462-4'],
      name: 'Blood pressure, cuff, diastolic',
      label: 'NIBP D',
      plausible: [10, 250],
      slot: 'nibpDia',
      ...dia('nibp'),
    },
    {
      code: 150023,
      refid: 'MDC_PRESS_BLD_NONINV_MEAN',
      aliasCodes: [150303],
      aliasRefids: ['MDC_PRESS_CUFF_MEAN'],
      ...mmHg,
      loinc: ['8478-0'],
      name: 'Blood pressure, cuff, mean',
      label: 'NIBP M',
      plausible: [15, 280],
      slot: 'nibpMean',
      ...mean('nibp'),
    },
    {
      code: 150017,
      refid: 'MDC_PRESS_BLD_SYS',
      ...mmHg,
      loinc: ['8480-6'],
      name: 'Blood pressure, method unknown, systolic',
      label: 'BP S',
      plausible: [0, 320],
      ...sys('bp'),
    },
    {
      code: 150018,
      refid: 'MDC_PRESS_BLD_DIA',
      ...mmHg,
      loinc: ['8462-4'],
      name: 'Blood pressure, method unknown, diastolic',
      label: 'BP D',
      plausible: [0, 320],
      ...dia('bp'),
    },
    {
      code: 150019,
      refid: 'MDC_PRESS_BLD_MEAN',
      ...mmHg,
      loinc: ['8478-0'],
      name: 'Blood pressure, method unknown, mean',
      label: 'BP M',
      plausible: [0, 320],
      ...mean('bp'),
    },
  ),
  ...continuous(
    {
      code: 150037,
      refid: 'MDC_PRESS_BLD_ART_ABP_SYS',
      ...mmHg,
      loinc: ['76215-3'],
      name: 'Arterial pressure, systolic',
      label: 'ABP S',
      plausible: [0, 320],
      slot: 'abpSys',
      ...sys('abp'),
    },
    {
      code: 150038,
      refid: 'MDC_PRESS_BLD_ART_ABP_DIA',
      ...mmHg,
      loinc: ['76213-8'],
      name: 'Arterial pressure, diastolic',
      label: 'ABP D',
      plausible: [0, 320],
      slot: 'abpDia',
      ...dia('abp'),
    },
    {
      code: 150039,
      refid: 'MDC_PRESS_BLD_ART_ABP_MEAN',
      ...mmHg,
      loinc: ['76214-6'],
      name: 'Arterial pressure, mean',
      label: 'ABP M',
      plausible: [0, 320],
      slot: 'abpMean',
      ...mean('abp'),
    },
    {
      code: 150033,
      refid: 'MDC_PRESS_BLD_ART_SYS',
      ...mmHg,
      loinc: ['76215-3'],
      name: 'Arterial pressure (generic), systolic',
      label: 'ART S',
      plausible: [0, 320],
      slot: 'abpSys',
      ...sys('art'),
    },
    {
      code: 150034,
      refid: 'MDC_PRESS_BLD_ART_DIA',
      ...mmHg,
      loinc: ['76213-8'],
      name: 'Arterial pressure (generic), diastolic',
      label: 'ART D',
      plausible: [0, 320],
      slot: 'abpDia',
      ...dia('art'),
    },
    {
      code: 150035,
      refid: 'MDC_PRESS_BLD_ART_MEAN',
      ...mmHg,
      loinc: ['76214-6'],
      name: 'Arterial pressure (generic), mean',
      label: 'ART M',
      plausible: [0, 320],
      slot: 'abpMean',
      ...mean('art'),
    },
  ),
  ...slow(
    { code: 150344, refid: 'MDC_TEMP', ...temperature, name: 'Temperature', label: 'Temp' },
    { code: 150364, refid: 'MDC_TEMP_BODY', ...temperature, name: 'Temperature, body', label: 'T body' },
    { code: 150368, refid: 'MDC_TEMP_CORE', ...temperature, name: 'Temperature, core', label: 'T core' },
    { code: 188420, refid: 'MDC_TEMP_RECT', ...temperature, name: 'Temperature, rectal', label: 'T rect' },
    { code: 150392, refid: 'MDC_TEMP_TYMP', ...temperature, name: 'Temperature, tympanic', label: 'T tymp' },
  ),
  ...continuous(
    {
      code: 151708,
      refid: 'MDC_CONC_AWAY_CO2_ET',
      aliasRefids: ['MDC_AWAY_CO2_ET'],
      ...mmHg,
      loinc: ['19891-1'],
      name: 'End-tidal CO₂',
      label: 'EtCO₂',
      plausible: [0, 150],
      slot: 'etco2',
    },
    // Of ventilators, shown in no slot yet. Ranges [DEF].
    {
      code: 151586,
      refid: 'MDC_VENT_RESP_RATE',
      ...rate,
      loinc: ['9279-1'],
      name: 'Respiratory rate (ventilator)',
      label: 'RR',
      plausible: [0, 150],
      slot: 'rr',
    },
    {
      code: 151976,
      refid: 'MDC_VENT_PRESS_AWAY_END_EXP_POS',
      unit: 'cm[H2O]',
      loinc: ['76248-4'],
      name: 'PEEP',
      label: 'PEEP',
      plausible: [0, 60],
      decimals: 1,
    },
    { code: 151868, refid: 'MDC_VOL_AWAY_TIDAL', unit: 'mL', loinc: [], name: 'Tidal volume', label: 'VT', plausible: [0, 3000] },
    {
      code: 151880,
      refid: 'MDC_VOL_MINUTE_AWAY',
      unit: 'L/min',
      loinc: [],
      name: 'Minute volume',
      label: 'MV',
      plausible: [0, 60],
      decimals: 1,
    },
    {
      code: 152196,
      refid: 'MDC_CONC_AWAY_O2_INSP',
      unit: '%',
      loinc: [],
      name: 'Inspired oxygen (FiO₂)',
      label: 'FiO₂',
      plausible: [15, 100],
    },
  ),
]

const byCode = new Map<number, MetricDefinition>()
const byRefid = new Map<string, MetricDefinition>()
for (const metric of metrics) {
  for (const code of [metric.code, ...metric.aliasCodes]) byCode.set(code, metric)
  for (const refid of [metric.refid, ...metric.aliasRefids]) byRefid.set(refid, metric)
}

/** The metric with this MDC code or alias code. */
export const metricByCode = (code: number): MetricDefinition | undefined => byCode.get(code)
/** The metric with this refid (`MDC_ECG_HEART_RATE`) or alias. */
export const metricByRefid = (refid: string): MetricDefinition | undefined => byRefid.get(refid)

/**
 * Which measurements may fill a slot, the best first: HR from ECG, else SpO₂ pulse, else NIBP pulse (domain page, section 5);
 * the ABP site before generic ART; core temperature before the others.
 */
export const preference: Record<Slot, readonly number[]> = {
  hr: [147842, 149530, 149546],
  spo2: [150456],
  rr: [151562, 151570, 151594, 151586],
  nibpSys: [150021],
  nibpDia: [150022],
  nibpMean: [150023],
  abpSys: [150037, 150033],
  abpDia: [150038, 150034],
  abpMean: [150039, 150035],
  temp: [150368, 188420, 150392, 150364, 150344],
  etco2: [151708],
  pulse: [149530, 149546],
}
