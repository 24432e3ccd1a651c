/** PCD-04, Report Alert: ORU^R40 (domain page "Bedside monitoring", section 7). */
import {
  ALARM_PROCEDURE,
  type AlarmEventDefinition,
  type AlarmFacet,
  type AlarmKind,
  type AlarmPriority,
  alarmEventByCode,
  alarmEventByRefid,
  alarmFacetOf,
  alarmPriority,
} from '../codes/alarm-events.ts'
import { convert } from '../codes/convert.ts'
import { profiles } from '../codes/profiles.ts'
import { ucumOf } from '../codes/units.ts'
import {
  type AlarmRecord,
  alarmKinds,
  alarmPhases,
  alarmStates,
  type DeviceAlarm,
  type inactivations,
} from '../messages/records.ts'
import {
  claimsProfile,
  type Flags,
  FUTURE_MS,
  headerFlags,
  origin,
  type ReadContext,
  readHeader,
  readInstant,
  versionWithin,
} from './header.ts'
import type { Hl7, Segment } from './message.ts'
import { definitionOf, numeric, parseLimits, readCode } from './observation-row.ts'
import type { Reading } from './pcd01.ts'
import { refusal } from './refusals.ts'
import { equipment, locationOf, patientOf, senderDevice } from './subject.ts'

export interface AlarmEntry {
  stream: 'alarms'
  record: AlarmRecord
}

/** The rows below one OBR, by what they say. */
interface AlarmRows {
  obr: Segment
  event?: Segment
  source?: Segment
  facets: Partial<Record<AlarmFacet, Segment>>
  device?: string
}

/**
 * Reads an ORU^R40 of version 2.5 to 2.8: one record for each OBR. What is missing is taken on the safe side and flagged: an alarm without
 * a known priority is medium (`priority_assumed`), without a kind physiological, without a phase a start.
 */
export function readPcd04(hl7: Hl7, context: ReadContext, read = readHeader(hl7, context)): Reading<AlarmEntry> {
  const { version } = read.header
  if (!versionWithin(version, 5, 8))
    return refused('UNSUPPORTED_VERSION', `ORU^R40 is taken in version 2.5 to 2.8, not "${version}"`, {
      segment: 'MSH',
      sequence: 1,
      field: 12,
    })
  const groups = group(hl7)
  if (groups.length === 0) return refused('MISSING_FIELD', 'An alarm needs an OBR', { segment: 'OBR' })
  if (groups.every((g) => !g.event && !g.source && Object.keys(g.facets).length === 0))
    return refused('MISSING_FIELD', 'An alarm needs OBX segments', { segment: 'OBX' })
  const patient = patientOf(hl7)
  const location = locationOf(hl7)
  // An MDS row in one group says whose the others are.
  const known = groups.find((g) => g.device !== undefined)?.device
  const records = groups.map((rows): AlarmEntry => {
    const flags = headerFlags(hl7, read, context)
    flags.add('profile_unknown', !claimsProfile(hl7, profiles.pcd04))
    const alarm = readAlarm(rows, context, read.header.sentAt ?? context.receivedAt, flags)
    const device = rows.device ?? known ?? senderDevice(hl7, rows.obr)
    return {
      stream: 'alarms',
      record: {
        kind: 'alarm',
        ...origin(read.header, flags, context),
        device,
        ...(patient ? { patient } : {}),
        ...(location ? { location } : {}),
        alarm,
      },
    }
  })
  return { records, problems: [] }
}

const refused = (...args: Parameters<typeof refusal>): Reading<AlarmEntry> => ({
  records: [],
  problems: [],
  refusal: refusal(...args),
})

function group(hl7: Hl7): AlarmRows[] {
  const groups: AlarmRows[] = []
  for (const segment of hl7.segments) {
    if (segment.name === 'OBR') groups.push({ obr: segment, facets: {} })
    const rows = groups[groups.length - 1]
    if (segment.name !== 'OBX' || !rows) continue
    const named = equipment(segment)
    if (named !== undefined) rows.device ??= named
    if (segment.value(2) === undefined && segment.field(5) === '') continue
    sort(rows, segment)
  }
  return groups
}

function sort(rows: AlarmRows, obx: Segment): void {
  const { code, refid } = readCode(obx, 3)
  const facet = alarmFacetOf(code ?? 0, refid)
  if (facet) rows.facets[facet] ??= obx
  else if (
    code === ALARM_PROCEDURE.code ||
    refid === ALARM_PROCEDURE.refid ||
    refid.startsWith('MDC_EVT_') ||
    alarmEventByCode(code ?? 0)
  )
    rows.event ??= obx
  // The first row is the event, even one that no table has; the next number is what it is about.
  else if (!rows.event && obx.value(2) !== 'NM') rows.event = obx
  else if (obx.value(2) === 'NM') rows.source ??= obx
}

function readAlarm(rows: AlarmRows, context: ReadContext, fallbackAt: number, flags: Flags): DeviceAlarm {
  const { event: row, facets, obr } = rows
  const event = readEvent(row)
  const marks = row?.repetitions(8) ?? []
  flags.add('test', marks.includes('TEST') || marks.includes('DEMO'))
  const timeout = seconds(facets.confirmTimeout)
  // Only a confirm timeout and no event: the device says that it is still there.
  const heartbeat = !row && timeout !== undefined
  const state = among(alarmStates, facets.state?.value(5))
  const phase = among(alarmPhases, facets.phase?.value(5)) ?? (heartbeat ? 'tpoint' : undefined)
  flags.add('phase_assumed', phase === undefined)
  const finalPhase = phase ?? (state === 'inactive' ? 'end' : 'start')
  const instant = readInstant(obr.value(7), context) ?? readInstant(row?.value(14), context)
  flags.add('tz_assumed', instant?.zoneAssumed === true)
  const at = instant?.at ?? fallbackAt
  flags.add('from_future', at - context.receivedAt > FUTURE_MS)
  const source = readSource(rows)
  return {
    alarmId: alarmId(obr, event, source),
    ...(event.code === undefined ? {} : { code: event.code }),
    event: event.name.slice(0, 4096),
    text: (facets.text?.value(5) ?? event.text).slice(0, 4096),
    ...(source ? { source } : {}),
    phase: finalPhase,
    state: state ?? (finalPhase === 'end' || finalPhase === 'reset' || heartbeat ? 'inactive' : 'active'),
    inactivation: readInactivation(facets.inactivation),
    priority: heartbeat ? 'none' : readPriority(facets.priority, marks, flags),
    kind: heartbeat ? 'SA' : readKind(facets.kind, marks, event.known, flags),
    at,
    ...(timeout === undefined ? {} : { confirmTimeoutS: timeout }),
  }
}

interface EventRead {
  code: number | undefined
  name: string
  text: string
  known: AlarmEventDefinition | undefined
}

/** The event is OBX-3; or OBX-3 is MDC_EVT_ALARM and the event is coded in OBX-5. Text is OBX-5 where that is a text. */
function readEvent(row: Segment | undefined): EventRead {
  if (!row) return { code: undefined, name: 'heartbeat', text: 'Heartbeat', known: undefined }
  const named = readCode(row, 3)
  const generic = named.code === ALARM_PROCEDURE.code || named.refid === ALARM_PROCEDURE.refid
  const type = row.value(2)
  const coded = type === 'CWE' || type === 'CNE' || type === 'CE'
  const event = generic && coded ? readCode(row, 5) : named
  const known = (event.code ? alarmEventByCode(event.code) : undefined) ?? alarmEventByRefid(event.refid)
  const words = coded
    ? (row.value(5, 9) ?? (event.mdc && row.value(5, 2)?.startsWith('MDC_') ? undefined : row.value(5, 2)))
    : row.value(5)
  const text = words ?? known?.text ?? event.refid
  return {
    code: event.code || known?.code,
    name: event.refid || known?.refid || String(event.code ?? words ?? 'unknown'),
    text: text || 'Alarm',
    known,
  }
}

/**
 * OBR-29 (parent) names the alarm that this message goes on with; else OBR-3 begins it. An EIP's second component is the filler's number.
 * Where both are empty it is the device's alarm of this code about this measurement [domain page, section 12]: another one of the same
 * message is another alarm, and its end finds its start.
 */
function alarmId(obr: Segment, event: EventRead, source: DeviceAlarm['source']): string {
  const parent = obr.components(29)
  // Some write an EI where the standard has an EIP: three components or more, and no subcomponents.
  const fromParent = parent.length >= 3 ? obr.value(29, 1) : (obr.value(29, 2) ?? obr.value(29, 1))
  const id = fromParent ?? obr.value(3) ?? obr.value(2) ?? `${event.name}/${source?.path ?? ''}`
  return id.slice(0, 256)
}

/** PN, PL, PM, PH [IEC 60601-1-8]; others are seen in the field and count as medium. */
function readPriority(facet: Segment | undefined, marks: readonly string[], flags: Flags): AlarmPriority {
  const known =
    alarmPriority[facet?.value(5)?.toUpperCase() ?? ''] ??
    marks.map((m) => alarmPriority[m.toUpperCase()]).find((p) => p !== undefined)
  flags.add('priority_assumed', known === undefined)
  return known ?? 'medium'
}

function readKind(
  facet: Segment | undefined,
  marks: readonly string[],
  event: AlarmEventDefinition | undefined,
  flags: Flags,
): AlarmKind {
  const said = [facet?.value(5)?.toUpperCase(), ...marks.map((m) => m.toUpperCase())]
  const known = alarmKinds.find((kind) => said.includes(kind))
  flags.add('kind_assumed', known === undefined)
  return known ?? event?.kind ?? 'SP'
}

/** Several may be in force: the one that suppresses most is shown. */
function readInactivation(facet: Segment | undefined): DeviceAlarm['inactivation'] {
  if (!facet) return 'enabled'
  const said = facet.repetitions(5).map((r) => facet.unescape(r).trim().toLowerCase())
  const order = [
    'alarm-off',
    'alarm-paused',
    'audio-off',
    'audio-paused',
    'alert-acknowledged',
  ] as const satisfies readonly (typeof inactivations)[number][]
  return order.find((i) => said.includes(i)) ?? 'enabled'
}

function readSource({ source, facets, event }: AlarmRows): DeviceAlarm['source'] {
  const out: NonNullable<DeviceAlarm['source']> = {}
  const row = source ?? facets.source
  const path = (row ?? event)?.value(4)
  // The fifth element numbers the facet; the measurement is the four before it.
  if (path) out.path = path.split('.').slice(0, 4).join('.').slice(0, 256)
  if (source) readMeasured(source, out)
  else if (facets.source) {
    const { code } = readCode(facets.source, 5)
    if (code) out.code = code
  }
  return Object.keys(out).length > 0 ? out : undefined
}

function readMeasured(row: Segment, out: NonNullable<DeviceAlarm['source']>): void {
  const coded = readCode(row, 3)
  const definition = definitionOf(coded)
  const code = definition?.code ?? coded.code
  if (code !== undefined) out.code = code
  const unit = ucumOf(row.text(6), row.text(6, 2))
  const number = numeric(row.value(5) ?? '')
  const value = number === undefined || !definition || unit === undefined ? number : convert(number, unit, definition)
  if (value !== undefined) out.value = value
  const written = definition && unit !== undefined ? definition.unit : unit
  if (written) out.unit = written
  const limits = parseLimits(row.value(7) ?? '')
  if (limits) out.limits = definition && unit !== undefined ? [side(limits[0]), side(limits[1])] : limits
  function side(v: number | null): number | null {
    return v === null ? null : (convert(v, unit!, definition!) ?? null)
  }
}

function seconds(row: Segment | undefined): number | undefined {
  const value = row && numeric(row.value(5) ?? '')
  if (value === undefined || value < 0) return undefined
  const unit = row && ucumOf(row.text(6), row.text(6, 2))
  return unit === 'ms' ? value / 1000 : unit === 'min' ? value * 60 : value
}

function among<T extends string>(words: readonly T[], text: string | undefined): T | undefined {
  const said = text?.toLowerCase()
  return words.find((w) => w === said)
}
