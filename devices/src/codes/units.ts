/**
 * Units of measurement: MDC dimension codes and the spellings seen in the field, each with its UCUM name.
 * Sources: [STD ISO/IEEE 11073-10101, partition 4 (dimensions)], [STD UCUM]. A code is 4 × 65536 + the term's number, and a prefixed
 * unit is its base with 3 added for kilo, 18 for milli, 19 for micro: volt 4::4256, millivolt 4::4274.
 */
export interface UnitDefinition {
  /** UCUM, case-sensitive. */
  ucum: string
  /** MDC codes, the number of the standard first. */
  codes: readonly number[]
  refids: readonly string[]
  /** Other spellings that monitors send, compared without regard to case. */
  spellings?: readonly string[]
}

export const units: readonly UnitDefinition[] = [
  {
    ucum: '/min',
    codes: [264864, 264928, 264672],
    refids: ['MDC_DIM_BEAT_PER_MIN', 'MDC_DIM_RESP_PER_MIN', 'MDC_DIM_PER_MIN'],
    spellings: ['1/min', '{beat}/min', '{beats}/min', '{breath}/min', '{breaths}/min', 'bpm', 'beats/min', 'breaths/min', 'rpm'],
  },
  { ucum: '%', codes: [262688], refids: ['MDC_DIM_PERCENT', 'MDC_DIM_VOL_PERCENT'] },
  { ucum: 'mm[Hg]', codes: [266016], refids: ['MDC_DIM_MMHG'], spellings: ['mmHg'] },
  { ucum: 'kPa', codes: [265987], refids: ['MDC_DIM_KILO_PASCAL'] },
  { ucum: 'cm[H2O]', codes: [266048], refids: ['MDC_DIM_CM_H2O'], spellings: ['cmH2O'] },
  { ucum: 'Cel', codes: [268192], refids: ['MDC_DIM_DEGC'], spellings: ['°C', 'degC', 'C'] },
  // Some senders give it another number (268160, 268224): those are known by the refid.
  { ucum: '[degF]', codes: [266560], refids: ['MDC_DIM_FAHR'], spellings: ['°F', 'degF', 'F'] },
  { ucum: 'K', codes: [266528], refids: ['MDC_DIM_KELVIN'] },
  { ucum: 'mV', codes: [266418], refids: ['MDC_DIM_MILLI_VOLT'] },
  { ucum: 'uV', codes: [266419], refids: ['MDC_DIM_MICRO_VOLT'] },
  { ucum: '/s', codes: [264608], refids: ['MDC_DIM_PER_SEC'], spellings: ['1/s', '{samples}/s', 'sps'] },
  { ucum: 'Hz', codes: [264640], refids: ['MDC_DIM_HZ'] },
  { ucum: 's', codes: [264320], refids: ['MDC_DIM_SEC'], spellings: ['sec'] },
  { ucum: 'ms', codes: [264338], refids: ['MDC_DIM_MILLI_SEC'] },
  { ucum: 'min', codes: [264352], refids: ['MDC_DIM_MIN'] },
  { ucum: '1', codes: [262656], refids: ['MDC_DIM_DIMLESS'] },
  { ucum: 'mL', codes: [263762], refids: ['MDC_DIM_MILLI_L'] },
  { ucum: 'L/min', codes: [265216], refids: ['MDC_DIM_L_PER_MIN'] },
]

const byCode = new Map<string, string>()
const byName = new Map<string, string>()
for (const unit of units) {
  for (const code of unit.codes) byCode.set(String(code), unit.ucum)
  for (const name of [unit.ucum, ...unit.refids, ...(unit.spellings ?? [])]) byName.set(name.toLowerCase(), unit.ucum)
}

/** UCUM for the first two components of OBX-6 (code and refid, or a UCUM text); undefined when the unit is in no table. */
export function ucumOf(code: string, refid = ''): string | undefined {
  return byCode.get(code) ?? byName.get(code.toLowerCase()) ?? (refid ? byName.get(refid.toLowerCase()) : undefined)
}

/** The MDC code and refid to send for a UCUM unit, as `264864^MDC_DIM_BEAT_PER_MIN^MDC`; undefined when it is in no table. */
export function mdcUnit(ucum: string): { code: number; refid: string } | undefined {
  const unit = units.find((u) => u.ucum === ucum)
  return unit && { code: unit.codes[0]!, refid: unit.refids[0]! }
}
