/** The gateway's own page, for who stands in front of it with a laptop: what comes in, what was refused and why, what goes out. */
import Fastify, { type FastifyInstance } from 'fastify'
import { body, document } from './html.ts'
import type { Metrics } from './metrics.ts'
import type { GatewayState } from './state.ts'

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/`, `/healthz`, `/metrics`. Built apart from `listen`, so that a test asks without a port. */
export function buildPage(options: { state(): GatewayState; metrics: Metrics }): FastifyInstance {
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 })

  app.addHook('onSend', async (_, reply) => {
    reply
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
  })

  app.get('/', (_, reply) => reply.type('text/html; charset=utf-8').send(document(options.state())))
  app.get('/body', (_, reply) => reply.type('text/html; charset=utf-8').send(body(options.state())))
  app.get('/page.js', (_, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT))
  app.get('/state', () => options.state())

  // 503 only when messages are refused: without its hub a gateway still does its work, and says so in the body.
  app.get('/healthz', (_, reply) => {
    const state = options.state()
    const { accepting, upstream, uplink, spool } = state
    return reply.code(accepting ? 200 : 503).send({
      status: !accepting ? 'refusing' : upstream === 'ok' ? 'ok' : 'alone',
      gateway: state.gateway,
      accepting,
      upstream,
      uplink: {
        connected: uplink.connected,
        protocol: uplink.protocol,
        since: uplink.since,
        heardAt: uplink.heardAt,
        behind: uplink.behind,
      },
      spool,
      backlog: Object.fromEntries(state.streams.map((stream) => [stream.name, stream.backlog])),
    })
  })

  app.get('/metrics', async (_, reply) =>
    reply.type(options.metrics.registry.contentType).send(await options.metrics.registry.metrics()),
  )
  return app
}

/** Fetches the page's inside every two seconds. What could not be fetched is not shown as current: the page dims and says since when. */
const SCRIPT = `
const main = document.querySelector('main'), fresh = document.querySelector('#fresh')
let last = Date.now()
async function turn() {
  try {
    const answer = await fetch('/body', { signal: AbortSignal.timeout(1800) })
    if (!answer.ok) throw new Error(String(answer.status))
    main.innerHTML = await answer.text()
    last = Date.now()
  } catch {}
  setTimeout(turn, 2000)
}
setInterval(() => {
  const age = Math.round((Date.now() - last) / 1000)
  const stale = age > 5
  document.body.classList.toggle('stale', stale)
  fresh.textContent = stale ? '\\u25c7 No word from this gateway for ' + age + ' s. What is shown is old.' : 'live'
}, 500)
setTimeout(turn, 2000)
`
