/** One bedside monitor in a test's hand: it says what it is told to, over the real door, and waits for the acknowledgement. */
import { connect } from 'node:net'
import { writeAdt } from '@wardline/devices/hl7/adt-write.ts'
import { frame, MllpFramer } from '@wardline/devices/hl7/mllp.ts'
import { type Observation, writePcd01 } from '@wardline/devices/hl7/pcd01-write.ts'
import { writePcd04 } from '@wardline/devices/hl7/pcd04-write.ts'
import type { DeviceAlarm } from '@wardline/devices/messages/records.ts'

/** MDC code and path of what a test calls by its short name. */
const named = {
  hr: { code: 147842, path: '1.2.1.1' },
  spo2: { code: 150456, path: '1.3.1.1' },
  rr: { code: 151562, path: '1.4.1.1' },
  temp: { code: 150344, path: '1.5.1.1' },
} as const
type Values = Partial<Record<keyof typeof named, number | null>>

export interface Monitor {
  admit(): Promise<string>
  discharge(): Promise<string>
  /** Numerics measured now, or at `at`. Resolves with MSA-1. */
  says(values: Values, extra?: { at?: number; observations?: Observation[] }): Promise<string>
  alarms(alarm: {
    id: string
    phase: DeviceAlarm['phase']
    state: DeviceAlarm['state']
    priority: DeviceAlarm['priority']
    text: string
    at?: number
  }): Promise<string>
  /** Any bytes, framed; resolves with the answer's text. */
  sends(text: string): Promise<string>
  close(): void
}

export async function aMonitor(given: {
  port: number
  device: string
  /** PV1-3, `unit^room^bed`. */
  bed?: string
  patient?: string
  /** `family^given`. */
  name?: string
}): Promise<Monitor> {
  const socket = connect({ host: '127.0.0.1', port: given.port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const framer = new MllpFramer()
  const waiting: { resolve: (text: string) => void; reject: (error: Error) => void }[] = []
  socket.on('data', (chunk) => {
    for (const each of framer.push(chunk)) if (each.kind === 'frame') waiting.shift()?.resolve(each.bytes.toString('utf8'))
  })
  const fail = () => {
    for (const each of waiting.splice(0)) each.reject(new Error('the gateway closed the connection'))
  }
  socket.on('error', fail)
  socket.on('close', fail)
  const sends = (text: string) =>
    new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject })
      socket.write(frame(text))
    })
  const code = (answer: string) => /\rMSA\|([A-Z]{2})/.exec(answer)?.[1] ?? answer
  const run = Date.now().toString(36).toUpperCase()
  let number = 0
  const envelope = () => ({ id: `T${run}${++number}`, sentAt: Date.now(), sender: { name: 'TEST', eui: given.device } })
  const [pointOfCare, room, bed] = given.bed?.split('^') ?? []
  const location = pointOfCare ? { pointOfCare, ...(room ? { room } : {}), ...(bed ? { bed } : {}) } : undefined
  const patient = given.patient ? { id: given.patient, authority: 'HOSP', type: 'MR' } : undefined
  const subject = { device: given.device, ...(patient ? { patient } : {}), ...(location ? { location } : {}) }
  const adt = (event: string) => {
    const [family, first] = given.name?.split('^') ?? []
    const at = Date.now()
    return writeAdt({
      ...envelope(),
      event,
      at,
      patient: {
        identifiers: patient ? [patient] : [],
        ...(family ? { family } : {}),
        ...(first ? { given: first } : {}),
        sex: 'female',
        birthDate: '1970-05-01',
      },
      visit: {
        class: 'I',
        number: { id: `V-${given.patient}`, authority: 'HOSP' },
        ...(location ? { location } : {}),
        admittedAt: at,
      },
    })
  }
  return {
    sends,
    close: () => socket.destroy(),
    admit: async () => code(await sends(adt('A01'))),
    discharge: async () => code(await sends(adt('A03'))),
    async says(values, { at = Date.now(), observations = [] } = {}) {
      const rows = Object.entries(values).map(([name, value]) => ({ ...named[name as keyof typeof named], value: value ?? null }))
      return code(await sends(writePcd01({ ...envelope(), ...subject, at, observations: [...rows, ...observations] })))
    },
    async alarms({ id, phase, state, priority, text, at = Date.now() }) {
      return code(
        await sends(
          writePcd04({
            ...envelope(),
            ...subject,
            alarm: {
              alarmId: id,
              phase,
              state,
              priority,
              text,
              at,
              event: 'MDC_EVT_LO_VAL_LT_LIM',
              code: 196674,
              kind: 'SP',
              inactivation: 'enabled',
              source: { path: named.hr.path, code: named.hr.code, value: 38, limits: [50, 120] },
            },
          }),
        ),
      )
    },
  }
}
