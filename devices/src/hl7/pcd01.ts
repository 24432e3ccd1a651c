/**
 * PCD-01, Communicate Device Data: ORU^R01 with MDC codes (domain page "Bedside monitoring", sections 3, 5, 6, 14).
 */
import { findDevice } from '../catalogue/catalogue.ts'
import { pressuresAgree } from '../codes/convert.ts'
import type { MetricDefinition } from '../codes/metrics.ts'
import { profiles } from '../codes/profiles.ts'
import { waveformByCode } from '../codes/waveforms.ts'
import type { Metric, ObservationRecord, UnmappedRow, WaveBlock, WaveRecord } from '../messages/records.ts'
import {
  claimsProfile,
  FUTURE_MS,
  headerFlags,
  origin,
  type ReadContext,
  readHeader,
  readInstant,
  versionWithin,
} from './header.ts'
import type { Hl7, Segment } from './message.ts'
import { at, keepRow, readCode, readRow } from './observation-row.ts'
import { type Refusal, type RowProblem, refusal } from './refusals.ts'
import { equipment, locationOf, patientOf, senderDevice } from './subject.ts'
import { WaveGroup } from './wave-rows.ts'

export type ReadingEntry = { stream: 'readings'; record: ObservationRecord } | { stream: 'waves'; record: WaveRecord }

/** What a reader makes of a message: records for the streams, and the rows it had to drop. Or nothing, and why. */
export interface Reading<Entry> {
  records: Entry[]
  problems: RowProblem[]
  refusal?: Refusal
}

/** What one device said in one message. */
interface Said {
  /** Its catalogue entry says that a number without unit is in the canonical one. */
  canonicalUnits: boolean
  frames: Map<number, FrameOf>
  unmapped: UnmappedRow[]
  blocks: WaveBlock[]
}
interface FrameOf {
  measured: Measured[]
  byPath: Map<string, Metric[]>
}
interface Measured {
  metric: Metric
  definition: MetricDefinition
}

const WAVES_IN_RECORD = 64
/** A message of a mebibyte may hold a million empty samples, each five times as long in a record: the record must stay one that a broker takes. */
const SAMPLES_IN_RECORD = 100_000

/**
 * Reads an ORU^R01 of version 2.5 to 2.8. A row that cannot be read is dropped and named in `problems`; the others stand. Rows whose
 * code is in no table are kept as they came. A message of a laboratory, without any MDC code, is such rows only.
 */
export function readPcd01(hl7: Hl7, context: ReadContext, read = readHeader(hl7, context)): Reading<ReadingEntry> {
  if (!versionWithin(read.header.version, 5, 8))
    return {
      records: [],
      problems: [],
      refusal: refusal('UNSUPPORTED_VERSION', `ORU^R01 is taken in version 2.5 to 2.8, not "${read.header.version}"`, {
        segment: 'MSH',
        sequence: 1,
        field: 12,
      }),
    }
  const reader = new Reader(hl7, context, read.header.sentAt ?? context.receivedAt)
  const flags = headerFlags(hl7, read, context)
  reader.run()
  flags.add('tz_assumed', reader.zoneAssumed)
  flags.add('profile_unknown', !claimsProfile(hl7, profiles.pcd01))
  flags.add('duplicate_path', reader.duplicatePath)
  flags.add('rows_dropped', reader.problems.length > 0)
  flags.add('test', reader.measured > 0 && reader.measured === reader.tests)
  flags.add('from_future', reader.newest - context.receivedAt > FUTURE_MS)
  const patient = patientOf(hl7)
  const location = locationOf(hl7)
  const about = (device: string) => ({
    ...origin(read.header, flags, context),
    device,
    ...(patient ? { patient } : {}),
    ...(location ? { location } : {}),
  })
  return { records: reader.entries(about), problems: reader.problems }
}

type About = (device: string) => Omit<ObservationRecord, 'kind' | 'frames' | 'unmapped'>

class Reader {
  readonly problems: RowProblem[] = []
  zoneAssumed = false
  duplicatePath = false
  measured = 0
  tests = 0
  newest = 0
  readonly #hl7: Hl7
  readonly #context: ReadContext
  readonly #fallbackAt: number
  readonly #devices = new Map<string, Said>()
  /** Device of each MDS (first element of OBX-4), from its OBX-18. */
  readonly #mds = new Map<string, string>()
  readonly #waves = new WaveGroup()
  /** The last time read: rows of one message mostly carry the same. */
  #lastText = ''
  #lastAt: number | undefined
  #obr: Segment | undefined
  #obrStart: number | undefined
  #obrEnd: number | undefined
  /** OBR-7 or OBR-8 is there and cannot be read: no other time is guessed for its rows. */
  #obrBroken = false

  constructor(hl7: Hl7, context: ReadContext, fallbackAt: number) {
    this.#hl7 = hl7
    this.#context = context
    this.#fallbackAt = fallbackAt
  }

  run(): void {
    for (const segment of this.#hl7.segments) {
      if (segment.name === 'OBR') this.#open(segment)
      else if (segment.name === 'OBX') this.#row(segment)
    }
    this.#closeWaves()
    // A message without a single row still says that its device is there.
    if (this.#devices.size === 0) this.#said(this.#deviceOf('', undefined))
  }

  #open(obr: Segment): void {
    this.#closeWaves()
    this.#obr = obr
    const start = obr.value(7)
    const end = obr.value(8)
    this.#obrStart = this.#instant(start)
    this.#obrEnd = this.#instant(end)
    this.#obrBroken = start !== undefined && this.#obrStart === undefined
  }

  #row(obx: Segment): void {
    const path = obx.value(4) ?? ''
    const type = obx.value(2)
    if (type === undefined && obx.field(5) === '') {
      this.#container(obx, path)
      return
    }
    if (this.#waves.addAttribute(obx, path)) return
    const device = this.#deviceOf(path, obx)
    if (type === 'NA' && this.#isWave(obx)) this.#waves.addSamples(obx, path.slice(0, 64) || 'wave', device)
    else this.#value(obx, device)
  }

  #isWave(obx: Segment): boolean {
    const { mdc, code } = readCode(obx, 3)
    return mdc || waveformByCode(code ?? 0) !== undefined
  }

  /** An MDS, VMD or channel row. Only the device's own (the first that names equipment) is inherited downward. */
  #container(obx: Segment, path: string): void {
    const named = equipment(obx)
    if (named === undefined) return
    const root = rootOf(path)
    if (!this.#mds.has(root) || isMds(path)) this.#mds.set(root, named)
  }

  #value(obx: Segment, device: string): void {
    const said = this.#said(device)
    const outcome = readRow(obx, { canonicalUnits: said.canonicalUnits, barometricMmHg: this.#context.barometricMmHg })
    if (outcome.kind === 'unmapped') said.unmapped.push(outcome.row)
    else if (outcome.kind === 'dropped') this.#drop(said, outcome.problem, outcome.row)
    else this.#measured(said, obx, outcome)
  }

  #measured(said: Said, obx: Segment, outcome: Measured): void {
    const instant = this.#instantOf(obx)
    if (instant === undefined) {
      const field = obx.value(14) === undefined ? at(this.#obr ?? obx, 7) : at(obx, 14)
      this.#drop(
        said,
        { code: 'BAD_VALUE', says: 'The time of the observation cannot be read', location: field },
        keepRow(obx, 'BAD_VALUE'),
      )
      return
    }
    this.measured++
    if (outcome.metric.quality === 'TEST' || outcome.metric.quality === 'DEMO') this.tests++
    if (instant > this.newest) this.newest = instant
    this.#add(said, instant, outcome)
  }

  #drop(said: Said, problem: RowProblem, row: UnmappedRow): void {
    this.problems.push(problem)
    said.unmapped.push(row)
  }

  /** Two rows with one path at one instant: the same reading twice is one; two measurements are both kept, the second beside the first. */
  #add(said: Said, instant: number, measured: Measured): void {
    const { metric } = measured
    const frame = said.frames.get(instant)
    if (!frame) {
      said.frames.set(instant, { measured: [measured], byPath: new Map([[metric.path, [metric]]]) })
      return
    }
    const before = frame.byPath.get(metric.path)
    if (!before) frame.byPath.set(metric.path, [metric])
    else {
      if (before.some((m) => sameReading(m, metric))) return
      this.duplicatePath = true
      before.push(metric)
      metric.path = `${metric.path.slice(0, 40)}~${metric.code}${before.length > 2 ? `~${before.length}` : ''}`
    }
    frame.measured.push(measured)
  }

  #closeWaves(): void {
    const start = this.#obrStart ?? (this.#obrBroken || this.#obr?.value(7) !== undefined ? undefined : this.#fallbackAt)
    const closed = this.#waves.close(this.#obr, start, this.#obrEnd, (obx) => this.#instant(obx.value(14)))
    for (const { device, block } of closed.blocks) {
      this.#said(device).blocks.push(block)
      if (block.start > this.newest) this.newest = block.start
    }
    for (const { device, row } of closed.kept) this.#said(device).unmapped.push(row)
    this.problems.push(...closed.problems)
  }

  /** OBX-14, else OBR-7, else MSH-7, else when it was received. */
  #instantOf(obx: Segment): number | undefined {
    const own = obx.value(14)
    if (own !== undefined) return this.#instant(own)
    if (this.#obrStart !== undefined) return this.#obrStart
    return this.#obrBroken ? undefined : this.#fallbackAt
  }

  #instant(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    if (text === this.#lastText) return this.#lastAt
    const read = readInstant(text, this.#context)
    if (read?.zoneAssumed) this.zoneAssumed = true
    this.#lastText = text
    this.#lastAt = read?.at
    return read?.at
  }

  #deviceOf(path: string, obx: Segment | undefined): string {
    const inherited = this.#mds.get(rootOf(path)) ?? (obx && equipment(obx))
    if (inherited !== undefined) return inherited
    // The only device that the message names; else whoever speaks.
    if (this.#mds.size === 1) for (const only of this.#mds.values()) return only
    return senderDevice(this.#hl7, this.#obr)
  }

  #said(device: string): Said {
    let said = this.#devices.get(device)
    if (!said) {
      said = { canonicalUnits: findDevice({ eui: device })?.canonicalUnits ?? false, frames: new Map(), unmapped: [], blocks: [] }
      this.#devices.set(device, said)
    }
    return said
  }

  entries(about: About): ReadingEntry[] {
    const out: ReadingEntry[] = []
    for (const [device, { frames, unmapped, blocks }] of this.#devices) {
      const from = about(device)
      if (frames.size > 0 || unmapped.length > 0 || blocks.length === 0) {
        const record: ObservationRecord = {
          kind: 'observation',
          ...from,
          frames: [...frames].map(([at, frame]) => ({ at, metrics: checked(frame.measured) })),
        }
        if (unmapped.length > 0) record.unmapped = unmapped
        out.push({ stream: 'readings', record })
      }
      for (const some of inRecords(blocks)) out.push({ stream: 'waves', record: { kind: 'wave', ...from, blocks: some } })
    }
    return out
  }
}

function* inRecords(blocks: readonly WaveBlock[]): Generator<WaveBlock[]> {
  let some: WaveBlock[] = []
  let samples = 0
  for (const block of blocks) {
    if (some.length === WAVES_IN_RECORD || (some.length > 0 && samples + block.samples.length > SAMPLES_IN_RECORD)) {
      yield some
      some = []
      samples = 0
    }
    some.push(block)
    samples += block.samples.length
  }
  if (some.length > 0) yield some
}

/** sys > mean > dia in each family of pressures; where it does not hold, none of them can be trusted (section 5: QUES). */
function checked(measured: Measured[]): Metric[] {
  const families = new Map<string, Measured[]>()
  for (const m of measured) {
    const family = m.definition.pressure?.family
    if (family === undefined || m.metric.value === undefined) continue
    const members = families.get(family)
    if (members) members.push(m)
    else families.set(family, [m])
  }
  for (const members of families.values()) {
    const of = (part: 'sys' | 'mean' | 'dia') => members.find((m) => m.definition.pressure?.part === part)?.metric.value
    if (members.length < 2 || pressuresAgree({ sys: of('sys'), mean: of('mean'), dia: of('dia') })) continue
    for (const { metric } of members)
      if (metric.quality === undefined || metric.quality === 'VAL' || metric.quality === 'ALACT' || metric.quality === 'ALINH')
        metric.quality = 'QUES'
  }
  return measured.map((m) => m.metric)
}

const rootOf = (path: string): string => {
  const dot = path.indexOf('.')
  return dot < 0 ? path : path.slice(0, dot)
}
/** `1`, `1.0.0.0`: everything after the first element is zero. */
const isMds = (path: string): boolean => /^\d+(\.0)*$/.test(path)

const sameReading = (a: Metric, b: Metric): boolean =>
  a.code === b.code && a.value === b.value && a.text === b.text && a.quality === b.quality && a.correction === b.correction
