/** A device at the MLLP door, and the messages of domain page "Bedside monitoring" §3 and §7. */
import { once } from 'node:events'
import net from 'node:net'
import { MllpFramer } from '@wardline/devices/hl7/mllp.ts'

export class Device {
  readonly socket: net.Socket
  /** The answers so far, segments ended by \r. */
  readonly answers: string[] = []
  closed = false
  #waiting: { count: number; done: () => void }[] = []

  private constructor(socket: net.Socket) {
    this.socket = socket
    const framer = new MllpFramer()
    socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) if (frame.kind === 'frame') this.answers.push(frame.bytes.toString())
      this.#look()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#look()
    })
  }

  static async at(port: number): Promise<Device> {
    const socket = net.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Device(socket)
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ count, done }) => {
      if (this.answers.length < count && !this.closed) return true
      done()
      return false
    })
  }

  send(...messages: string[]): void {
    this.socket.write(messages.map((message) => `\x0b${message}\x1c\r`).join(''))
  }
  /** Resolves when there are so many answers, or the connection is closed. */
  async answered(count: number): Promise<string[]> {
    if (this.answers.length < count && !this.closed) await new Promise<void>((done) => this.#waiting.push({ count, done }))
    return this.answers
  }
  async says(message: string, answers = 1): Promise<string[]> {
    const before = this.answers.length
    this.send(message)
    await this.answered(before + answers)
    return this.answers.slice(before)
  }
  end(): void {
    this.socket.destroy()
  }
}

export const codeOf = (answer: string): string => /MSA\|(..)/.exec(answer)?.[1] ?? ''
export const idOf = (answer: string): string => /MSA\|..\|([^|\r]*)/.exec(answer)?.[1] ?? ''

const dtm = (at: number) =>
  `${new Date(at)
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .slice(0, 18)}+0000`

/** One PCD-01 message of eight metrics. `ack`: MSH-15|MSH-16. */
export function reading(
  id: string,
  options: { at?: number; hr?: number; sender?: string; ack?: string; eol?: string; device?: string } = {},
): string {
  const {
    at = Date.now(),
    hr = 72,
    sender = 'GW1^0012210000AA0001^EUI-64',
    ack = '|',
    eol = '\r',
    device = '0012210000BB0007',
  } = options
  const value = (n: number, code: string, path: string, v: number, unit: string) =>
    `OBX|${n}|NM|${code}^MDC|${path}|${v}|${unit}^MDC|||||R|||${dtm(at)}`
  return [
    `MSH|^~\\&|${sender}|HOSP|||${dtm(at)}||ORU^R01^ORU_R01|${id}|P|2.6|||${ack || '|'}||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`,
    'PID|||P-1001^^^HOSP^MR',
    'PV1||I|ICU2^R204^B1^HOSP',
    `OBR|1||${id}^GW1^0012210000AA0001^EUI-64|182777000^monitoring of patient^SCT|||${dtm(at)}`,
    `OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||${device}^^${device}^EUI-64`,
    value(2, '147842^MDC_ECG_HEART_RATE', '1.2.1.1', hr, '264864^MDC_DIM_BEAT_PER_MIN'),
    value(3, '150456^MDC_PULS_OXIM_SAT_O2', '1.3.1.1', 97, '262688^MDC_DIM_PERCENT'),
    value(4, '149530^MDC_PULS_OXIM_PULS_RATE', '1.3.1.2', hr, '264864^MDC_DIM_BEAT_PER_MIN'),
    value(5, '151562^MDC_RESP_RATE', '1.4.1.1', 16, '264928^MDC_DIM_RESP_PER_MIN'),
    value(6, '150037^MDC_PRESS_BLD_ART_ABP_SYS', '1.5.1.1', 120, '266016^MDC_DIM_MMHG'),
    value(7, '150038^MDC_PRESS_BLD_ART_ABP_DIA', '1.5.1.2', 80, '266016^MDC_DIM_MMHG'),
    value(8, '150039^MDC_PRESS_BLD_ART_ABP_MEAN', '1.5.1.3', 95, '266016^MDC_DIM_MMHG'),
    value(9, '150364^MDC_TEMP_BODY', '1.6.1.1', 36.8, '268192^MDC_DIM_DEGC'),
    '',
  ].join(eol)
}

/** One PCD-04 message: a high heart rate begins. */
export function alarm(id: string, options: { at?: number; phase?: string } = {}): string {
  const { at = Date.now(), phase = 'start' } = options
  return [
    `MSH|^~\\&|GW1^0012210000AA0001^EUI-64|HOSP|||${dtm(at)}||ORU^R40^ORU_R40|${id}|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO`,
    'PID|||P-1001^^^HOSP^MR',
    'PV1||I|ICU2^R204^B1^HOSP',
    `OBR|1||A17^GW1^0012210000AA0001^EUI-64|196616^MDC_EVT_ALARM^MDC|||${dtm(at)}`,
    'OBX|1|ST|196648^MDC_EVT_HI^MDC|1.2.1.1.1|HR high|||L~PH~SP|||F|||||||0012210000BB0007^^0012210000BB0007^EUI-64',
    'OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2.1.1.2|151|264864^MDC_DIM_BEAT_PER_MIN^MDC|50-120||||F',
    `OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.2.1.1.3|${phase}||||||F`,
    'OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|1.2.1.1.4|active||||||F',
    'OBX|5|ST|68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC|1.2.1.1.5|enabled||||||F',
    'OBX|6|ST|68484^MDC_ATTR_ALARM_PRIORITY^MDC|1.2.1.1.6|PH||||||F',
    'OBX|7|ST|68485^MDC_ATTR_ALERT_TYPE^MDC|1.2.1.1.7|SP||||||F',
    '',
  ].join('\r')
}

export const admission = (id: string, options: { sender?: string; patient?: string } = {}): string =>
  [
    `MSH|^~\\&|${options.sender ?? 'ADTApp'}|HOSP|||20260115101530+0000||ADT^A01^ADT_A01|${id}|P|2.5`,
    'EVN||20260115101530+0000',
    `PID|||${options.patient ?? 'P-1001'}^^^HOSP^MR||Berg^Anna||19700401|F`,
    'PV1||I|ICU2^R204^B1^HOSP',
    '',
  ].join('\r')
