import type { CodeableConcept, Coding, Quantity } from '@medplum/fhirtypes'
import { metricByCode, metrics } from '@wardline/devices/codes/metrics.ts'

/** [STD FHIR R4 terminologies systems] */
export const systems = {
  mdc: 'urn:iso:std:iso:11073:10101',
  loinc: 'http://loinc.org',
  ucum: 'http://unitsofmeasure.org',
  snomed: 'http://snomed.info/sct',
  observationCategory: 'http://terminology.hl7.org/CodeSystem/observation-category',
  dataAbsentReason: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  identifierType: 'http://terminology.hl7.org/CodeSystem/v2-0203',
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  bedStatus: 'http://terminology.hl7.org/CodeSystem/v2-0116',
  locationPhysicalType: 'http://terminology.hl7.org/CodeSystem/location-physical-type',
  /** EUI-64 [STD HL7 FHIR IG for personal health devices, Device.identifier: IEEE 11073-20601 MDC_ATTR_SYS_ID]. */
  eui64: 'urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680',
} as const

/** Names of authorities and senders that are no URI of their own, under ours. */
const OWN = 'urn:wardline:'
export const ownSystems = {
  device: `${OWN}device`,
  bed: `${OWN}bed`,
  encounter: `${OWN}encounter`,
  authority: `${OWN}authority:`,
} as const
/** [STD FHIR R4 data-absent-reason] on an element that a profile asks for. */
export const absentExtension = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason'
export const qualityExtension = `${OWN}value-quality`

/** HL7 CX.4 as a FHIR system: an OID as such, a URI as it is, any other name under our own. */
export function systemOfAuthority(authority: string): string {
  if (/^[0-2](\.\d+)+$/.test(authority)) return `urn:oid:${authority}`
  if (/^[a-z][a-z0-9+.-]*:/i.test(authority)) return authority
  return `${ownSystems.authority}${encodeURIComponent(authority)}`
}
/** Every authority that a search's `system` may mean: `HOSP` itself is accepted for `urn:wardline:authority:HOSP`. */
export function authoritiesOfSystem(system: string): string[] {
  if (system.startsWith(ownSystems.authority)) {
    try {
      return [decodeURIComponent(system.slice(ownSystems.authority.length))]
    } catch {
      return []
    }
  }
  return system.startsWith('urn:oid:') ? [system, system.slice('urn:oid:'.length)] : [system]
}

/** MDC first, then LOINC, as far as this code is in our table. */
export function codeOf(code: number): CodeableConcept {
  const metric = metricByCode(code)
  const loinc = (metric?.loinc ?? []).map((each): Coding => ({ system: systems.loinc, code: each }))
  return {
    coding: [{ system: systems.mdc, code: String(code), ...(metric && { display: metric.refid }) }, ...loinc],
    ...(metric && { text: metric.name }),
  }
}

/** Measured with a cuff: LOINC says the same of it as of any other heart rate or pressure, so the method is said beside (section 5). */
const byCuff = new Set([149546, 150021, 150022, 150023])
/** [STD SNOMED CT] How a value was measured, where its LOINC code does not say it. */
export const methodOf = (code: number): CodeableConcept | undefined =>
  byCuff.has(metricByCode(code)?.code ?? code)
    ? { coding: [{ system: systems.snomed, code: '17146006', display: 'Arterial pressure monitoring, non-invasive method' }] }
    : undefined

/** What is shown of a patient, and every blood pressure. What a ventilator applies (PEEP) has a LOINC code and is no vital sign. */
export const vitalSignCodes: readonly number[] = metrics
  .filter(({ loinc, slot, pressure }) => loinc.length > 0 && (slot !== undefined || pressure !== undefined))
  .map(({ code }) => code)
export const isVitalSign = (code: number): boolean => vitalSignCodes.includes(metricByCode(code)?.code ?? code)

/** MDC codes that a `code` token means; null: every code. */
export function codesOfToken({ system, code }: { system?: string; code?: string }): number[] | null {
  if (code === undefined)
    return system === systems.mdc
      ? null
      : system === systems.loinc
        ? metrics.filter(({ loinc }) => loinc.length > 0).map((metric) => metric.code)
        : []
  const mdc = /^\d{1,9}$/.test(code) ? [metricByCode(Number(code))?.code ?? Number(code)] : []
  const loinc = metrics.filter((metric) => metric.loinc.includes(code)).map((metric) => metric.code)
  if (system === undefined) return [...mdc, ...loinc]
  return system === systems.mdc ? mdc : system === systems.loinc ? loinc : []
}

/** In the unit given, else in the canonical unit of the code. */
export function quantityOf(reading: { code: number; value: number; unit?: string; bound?: '>' | '<' }): Quantity {
  const unit = reading.unit ?? metricByCode(reading.code)?.unit
  return {
    value: reading.value,
    ...(reading.bound && { comparator: reading.bound }),
    ...(unit !== undefined && { unit, system: systems.ucum, code: unit }),
  }
}
