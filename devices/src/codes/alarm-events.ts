/**
 * Alarm events and their attributes (domain page "Bedside monitoring", section 7). Sources: [STD ISO/IEEE 11073-10101, partition 3 (EVT)
 * for events, partition 1 (OBJ) for attributes], [STD IHE DEV TF-2, PCD-04].
 */
import type { alarmKinds, priorities } from '../messages/records.ts'

export type AlarmPriority = (typeof priorities)[number]
export type AlarmKind = (typeof alarmKinds)[number]

export interface AlarmEventDefinition {
  code: number
  refid: string
  text: string
  kind: AlarmKind
}

/** What a monitor says in general; section 7 has most of them. Vendors number VF, VT, brady and tachy differently: those come from a device's own catalogue entry, never from here. */
export const alarmEvents: readonly AlarmEventDefinition[] = [
  { code: 196648, refid: 'MDC_EVT_HI', text: 'High', kind: 'SP' },
  { code: 196670, refid: 'MDC_EVT_LO', text: 'Low', kind: 'SP' },
  { code: 196650, refid: 'MDC_EVT_HI_GT_LIM', text: 'Above the limit', kind: 'SP' },
  { code: 196672, refid: 'MDC_EVT_LO_LT_LIM', text: 'Below the limit', kind: 'SP' },
  { code: 196674, refid: 'MDC_EVT_LO_VAL_LT_LIM', text: 'Below the limit', kind: 'SP' },
  { code: 199680, refid: 'MDC_EVT_APNEA', text: 'Apnea', kind: 'SP' },
  { code: 199684, refid: 'MDC_EVT_ECG_ASYSTOLE', text: 'Asystole', kind: 'SP' },
  { code: 199854, refid: 'MDC_EVT_DESAT', text: 'Desaturation', kind: 'SP' },
  { code: 196680, refid: 'MDC_EVT_LEAD_OFF', text: 'Leads off', kind: 'ST' },
  { code: 196882, refid: 'MDC_EVT_LEADS_OFF', text: 'Leads off', kind: 'ST' },
  { code: 196660, refid: 'MDC_EVT_INOP', text: 'Inoperative', kind: 'ST' },
]

const byCode = new Map(alarmEvents.map((e) => [e.code, e]))
const byRefid = new Map(alarmEvents.map((e) => [e.refid, e]))
export const alarmEventByCode = (code: number): AlarmEventDefinition | undefined => byCode.get(code)
export const alarmEventByRefid = (refid: string): AlarmEventDefinition | undefined => byRefid.get(refid)

/** OBR-4 of an alarm, and what stands in OBX-3 when the event's code is in OBX-5. */
export const ALARM_PROCEDURE = { code: 196616, refid: 'MDC_EVT_ALARM' } as const

/** Facet rows of an alarm. The second code is that of older senders (section 7: 68164–68168). */
export const alarmFacets = {
  source: { codes: [68480, 68164], refid: 'MDC_ATTR_ALERT_SOURCE' },
  phase: { codes: [68481, 68165], refid: 'MDC_ATTR_EVENT_PHASE' },
  state: { codes: [68482, 68166], refid: 'MDC_ATTR_ALARM_STATE' },
  inactivation: { codes: [68483, 68167], refid: 'MDC_ATTR_ALARM_INACTIVATION_STATE' },
  priority: { codes: [68484, 68168], refid: 'MDC_ATTR_ALARM_PRIORITY' },
  kind: { codes: [68485], refid: 'MDC_ATTR_ALERT_TYPE' },
  text: { codes: [68546], refid: 'MDC_ATTR_ALERT_TEXT' },
  confirmTimeout: { codes: [67860], refid: 'MDC_ATTR_CONFIRM_TIMEOUT' },
} as const satisfies Record<string, { codes: readonly number[]; refid: string }>
export type AlarmFacet = keyof typeof alarmFacets

const facetByCode = new Map<number, AlarmFacet>()
const facetByRefid = new Map<string, AlarmFacet>()
for (const [name, { codes, refid }] of Object.entries(alarmFacets) as [
  AlarmFacet,
  { codes: readonly number[]; refid: string },
][]) {
  for (const code of codes) facetByCode.set(code, name)
  facetByRefid.set(refid, name)
}
export const alarmFacetOf = (code: number, refid: string): AlarmFacet | undefined =>
  facetByCode.get(code) ?? facetByRefid.get(refid)

/** OBX-8 and facet 68484 [STD IHE DEV TF-2]: the alarm's priority. */
export const alarmPriority: Record<string, AlarmPriority> = { PH: 'high', PM: 'medium', PL: 'low', PN: 'none' }
export const priorityCode: Record<AlarmPriority, string> = { high: 'PH', medium: 'PM', low: 'PL', none: 'PN' }
