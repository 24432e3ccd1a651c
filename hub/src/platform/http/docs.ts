import { createHash } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const policyOf = (html: string) => {
  const hashes = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  )
  return `default-src 'self'; script-src 'self' ${hashes.join(' ')}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'`
}

/**
 * `/docs`: the API description for people (Scalar), all of it served from here; nothing is fetched from outside.
 *
 * Scalar keeps its page's 5 MB of script in memory, which costs about 35 MB: it is loaded when somebody first opens the page.
 */
export const docsPlugin = fp(
  async (app: FastifyInstance) => {
    let reference: Promise<FastifyInstance> | undefined
    const load = async () => {
      const { default: scalar } = await import('@scalar/fastify-api-reference')
      const inner = Fastify()
      await inner.register(scalar, {
        routePrefix: '/docs',
        configuration: {
          url: '/openapi.json',
          pageTitle: 'Wardline API',
          withDefaultFonts: false,
          telemetry: false,
          hideClientButton: true,
          agent: { disabled: true },
          mcp: { disabled: true },
          showDeveloperTools: 'never',
        },
      })
      return inner
    }
    const answer = async (path: string) => {
      reference ??= load()
      reference.catch(() => (reference = undefined))
      return (await reference).inject(path)
    }
    const config = { permission: 'public' } as const
    app.get('/docs', { config, schema: { hide: true } }, (_request, reply) => reply.redirect('/docs/', 308))
    app.get('/docs/', { config, schema: { hide: true }, helmet: false }, async (_request, reply) => {
      const { body } = await answer('/docs/')
      return reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', policyOf(body)).send(body)
    })
    app.get('/docs/js/scalar.js', { config, schema: { hide: true } }, async (_request, reply) => {
      const { rawPayload } = await answer('/docs/js/scalar.js')
      return reply
        .header('content-type', 'text/javascript; charset=utf-8')
        .header('cache-control', 'max-age=3600')
        .send(rawPayload)
    })
    app.addHook('onClose', async () => void (await (await reference)?.close()))
  },
  { name: 'docs' },
)
