import { type Commit, MESSAGE_VERSION } from '@wardline/devices/messages/envelopes.ts'
import type { MqttLink } from '@wardline/devices/mqtt/link.ts'
import { topics } from '@wardline/devices/topics.ts'
import type { Source } from './stream-work.ts'

export interface Commits {
  /** Soon tell the gateway where this spool stands. Many such wishes are one message. */
  announce(source: Source, resend: boolean): void
}

/**
 * Commits as they go out: for each spool one at a time, and then the newest. What the link does not take is not repeated here: the gateway asks
 * by its `health` after every reconnect.
 */
export function createCommits(
  mqtt: Pick<MqttLink, 'publish'>,
  site: string,
  standOf: (source: Source) => Commit['committed'] | undefined,
): Commits {
  const wished = new Map<string, { source: Source; resend: boolean }>()
  const sending = new Set<string>()

  async function send(key: string): Promise<void> {
    sending.add(key)
    // What else this turn of the event loop commits goes into the same message.
    await new Promise((resolve) => setImmediate(resolve))
    for (let wish = wished.get(key); wish; wish = wished.get(key)) {
      wished.delete(key)
      const { source, resend } = wish
      const committed = standOf(source)
      if (!committed) continue
      const commit: Commit = { v: MESSAGE_VERSION, spool: source.spool, committed, ...(resend && { resend }), at: Date.now() }
      await mqtt
        .publish(topics.commits.at({ site, gateway: source.gateway }), JSON.stringify(commit), { qos: topics.commits.qos })
        .catch(() => {})
    }
    sending.delete(key)
  }

  return {
    announce(source, resend) {
      const key = `${source.gateway}/${source.spool}`
      wished.set(key, { source, resend: resend || (wished.get(key)?.resend ?? false) })
      if (!sending.has(key)) void send(key)
    },
  }
}
