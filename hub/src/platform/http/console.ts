import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { notFound, sendProblem } from './problems.ts'

/** Where the console's build is put. */
export const consoleFolder = fileURLToPath(new URL('../../../../console/dist', import.meta.url))

/** Paths that belong to programs: one that is not there is a 404, never the console's page. */
const forPrograms =
  /^\/(?:fhir|dead-letters|devices|gateways|readings|trend|waves|views|healthz|readyz|metrics|site|docs|openapi\.json|feeds\.csv|socket\.io|assets)(?:[/?]|$)/

const NOT_BUILT = 'The console is not built. Run: npm start (it builds the console first)'

/**
 * Serves the console, and its index.html for every path that a person may have opened or reloaded: the console routes by itself.
 * While there is no build the API serves alone and says so.
 */
export const consolePlugin = fp(
  async (app: FastifyInstance, { folder }: { folder: string }) => {
    await app.register(fastifyStatic, {
      root: folder,
      serve: false,
      suppressWarning: true,
      setHeaders(reply, path) {
        // The build puts a hash of its content into the name of everything under assets/.
        reply.header('cache-control', path.startsWith(`${folder}/assets/`) ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
    const isFile = (path: string) =>
      stat(path).then(
        (found) => found.isFile(),
        () => false,
      )
    const answer = async (request: FastifyRequest, reply: FastifyReply) => {
      const asked = (request.params as { '*'?: string })['*'] ?? ''
      const file = resolve(folder, asked)
      if (file.startsWith(`${folder}/`) && (await isFile(file))) return reply.sendFile(asked)
      const forPerson = !forPrograms.test(request.url) && /text\/html|\*\/\*/.test(request.headers.accept ?? '*/*')
      if (!forPerson) return sendProblem(reply, notFound(request))
      if (await isFile(`${folder}/index.html`)) return reply.sendFile('index.html')
      return reply.code(503).header('content-type', 'text/plain; charset=utf-8').header('retry-after', '5').send(NOT_BUILT)
    }
    app.get('/*', { config: { permission: 'public', rateLimit: false }, schema: { hide: true } }, answer)
    app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(request)))
  },
  { name: 'console' },
)
