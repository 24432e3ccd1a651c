import { type Engine, engines, type Upstream } from './health.ts'

const PATIENCE_MS = 2000
/** Health may be asked for by many, often: what was seen so recently is told again. */
const FRESH_MS = 250

/** Ask every engine at once, each for at most two seconds; one that has not been opened yet is not there. */
export function watchUpstream(ask: Record<Engine, () => Promise<boolean> | boolean>): Upstream {
  let last: { at: number; seen: ReturnType<Upstream> } | undefined
  const look = async () => {
    const seen = await Promise.all(
      engines.map(async (engine) => {
        let timer: NodeJS.Timeout | undefined
        const late = new Promise<false>((resolve) => {
          timer = setTimeout(resolve, PATIENCE_MS, false)
        })
        const answer = Promise.resolve()
          .then(ask[engine])
          .catch(() => false)
        return [engine, await Promise.race([answer, late]).finally(() => clearTimeout(timer))] as const
      }),
    )
    return Object.fromEntries(seen) as Record<Engine, boolean>
  }
  return () => {
    if (!last || performance.now() - last.at > FRESH_MS) last = { at: performance.now(), seen: look() }
    return last.seen
  }
}
