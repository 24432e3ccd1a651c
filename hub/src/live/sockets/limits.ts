/** What one wall may cost. [DEF] but for the byte bounds, which docs/architecture.md ("Live") fixes. */
export interface SocketLimits {
  /** Patches of a view come at most this often; the feeds page, which nobody reads by the second, once a second. */
  patchEveryMs: number
  feedsEveryMs: number
  beatEveryMs: number
  /** Samples wait for company at most this long. */
  wavesEveryMs: number
  /** Highest rate at which a sweep is drawn. */
  waveHz: number
  /** Everything is looked at again this often, because time alone changes it (a value grows old). */
  sweepMs: number
  /** Unsent bytes beyond which a client gets no patches any more, and below which it has drained and gets a fresh snapshot. */
  behindBytes: number
  drainedBytes: number
  /** A client that holds more than this for so long is disconnected. */
  hopelessBytes: number
  hopelessMs: number
  /** Connections at one hub; further ones are refused with 503. */
  clients: number
  /** Largest message of a client. */
  messageBytes: number
  /** Messages of a client: so many in a burst, so many each second after; four times the burst beyond it, the connection ends. */
  burst: number
  perSecond: number
  /** Units that are watched by their own walls at the same time. */
  channels: number
  /** Alarms that go out each by itself in one second; those beyond wait for company, at most {@link alarmWaitMs}. */
  alarmsAtOnce: number
  alarmWaitMs: number
}

export const defaultLimits: SocketLimits = {
  patchEveryMs: 250,
  feedsEveryMs: 1000,
  beatEveryMs: 1000,
  wavesEveryMs: 200,
  waveHz: 125,
  sweepMs: 1000,
  behindBytes: 512 * 1024,
  drainedBytes: 64 * 1024,
  hopelessBytes: 2 * 1024 * 1024,
  hopelessMs: 30_000,
  clients: 200,
  messageBytes: 16 * 1024,
  burst: 20,
  perSecond: 5,
  channels: 64,
  alarmsAtOnce: 50,
  alarmWaitMs: 20,
}
