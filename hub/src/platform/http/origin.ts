import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { refusalsOf } from './refusals.ts'

const refusals = refusalsOf('hub', {
  ORIGIN_REFUSED: { status: 403, says: 'A page of another site may not change anything here', retry: 'never' },
})

/**
 * A page of another site may send a form here through the browser of somebody who may. Programs send no `Origin`; our own pages send
 * ours. No CORS headers are ever sent, so such a page reads nothing either.
 */
export const originPlugin = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async ({ method, headers: { origin }, host }) => {
      if (method === 'GET' || method === 'HEAD' || origin === undefined) return
      if (!URL.canParse(origin) || new URL(origin).host !== host) throw refusals.ORIGIN_REFUSED()
    })
  },
  { name: 'origin' },
)
