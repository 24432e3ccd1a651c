/**
 * Every MQTT topic of the house. The text of a topic occurs in this file and nowhere else.
 *
 *   topics.stream.at({ site: 'hosp', gateway: 'gw1', stream: 'alarms' })   → 'site/hosp/gateway/gw1/stream/alarms'
 *   topics.stream.all                                                      → 'site/+/gateway/+/stream/+'
 *   topics.stream.read('site/hosp/gateway/gw1/stream/alarms')              → { site, gateway, stream } or null
 */
export interface Topic<Keys extends string> {
  /** The topic for these parts. A part may hold letters, digits, `-`, `_` and `.`; anything else throws a RangeError. */
  at(parts: Record<Keys, string>): string
  /** The subscription filter for all of them, or for those of the given parts. */
  filter(parts?: Partial<Record<Keys, string>>): string
  /** The parts of a topic, or null when it is not one of these. */
  read(topic: string): Record<Keys, string> | null
  readonly all: string
  /** MQTT quality of service, and whether the broker keeps the last one. */
  readonly qos: 0 | 1
  readonly retain: boolean
}

type KeysOf<Pattern extends string> = Pattern extends `${string}{${infer Key}}${infer Rest}` ? Key | KeysOf<Rest> : never

const PART = /^[A-Za-z0-9._-]{1,64}$/

function topic<Pattern extends string>(pattern: Pattern, delivery: { qos: 0 | 1; retain?: boolean }): Topic<KeysOf<Pattern>> {
  const levels = pattern.split('/').map((level) => (level.startsWith('{') ? { key: level.slice(1, -1) } : { text: level }))
  const write = (parts: Record<string, string | undefined>, otherwise?: string) =>
    levels
      .map((level) => {
        if (level.text !== undefined) return level.text
        const part = parts[level.key!] ?? otherwise
        if (part === undefined || (part !== otherwise && !PART.test(part)))
          throw new RangeError(`"${part}" cannot stand for {${level.key}} in an MQTT topic`)
        return part
      })
      .join('/')
  return {
    at: (parts) => write(parts),
    filter: (parts = {}) => write(parts, '+'),
    read(text) {
      const found = text.split('/')
      if (found.length !== levels.length) return null
      const parts: Record<string, string> = {}
      for (const [i, level] of levels.entries()) {
        const part = found[i]!
        if (level.text !== undefined) {
          if (level.text !== part) return null
        } else if (PART.test(part)) parts[level.key!] = part
        else return null
      }
      return parts as Record<KeysOf<Pattern>, string>
    },
    all: write({}, '+'),
    qos: delivery.qos,
    retain: delivery.retain ?? false,
  }
}

export const topics = {
  /** gateway → hub. A numbered {@link Batch} of one stream. The hub answers by number, so nothing is retained. */
  stream: topic('site/{site}/gateway/{gateway}/stream/{stream}', { qos: 1 }),
  /** gateway → hub. {@link Now}: the newest of each device while a backlog stands before it. Lossy, newest wins. */
  now: topic('site/{site}/gateway/{gateway}/now', { qos: 0 }),
  /** gateway → all. {@link GatewayStatus}: birth, and the last will. Retained, so that who comes later knows. */
  status: topic('site/{site}/gateway/{gateway}/status', { qos: 1, retain: true }),
  /** gateway → hub. {@link GatewayHealth}, every five seconds; it also asks where each stream stands. */
  health: topic('site/{site}/gateway/{gateway}/health', { qos: 0 }),
  /** hub → gateway. {@link Commit}: how far each stream is safe. Only this trims a spool. */
  commits: topic('site/{site}/gateway/{gateway}/commits', { qos: 1 }),
  /** hub → gateway. {@link Redrive}: take this refused message in again. */
  redrive: topic('site/{site}/gateway/{gateway}/redrive', { qos: 1 }),
} as const
