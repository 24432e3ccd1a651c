import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Every permission there is, and what it lets a person do. A route names one of them or the hub does not start.
 *
 * Nobody signs in yet: every request runs as the local operator, who holds all of them. That is why the hub listens on the loopback
 * address unless it is told otherwise (`WARDLINE_HOST`).
 */
export const permissions = {
  public: 'what anybody may see who can reach the door: health, the API description, the console',
  'live.view': 'walls and feeds',
  'history.view': 'stored readings and waveforms',
  'devices.view': 'devices and where they are',
  'associations.manage': 'say which patient a device is on',
  'letters.view': 'dead letters, with the bytes that came',
  'letters.manage': 'send a dead letter in again, or discard it',
  'operations.view': 'metrics and gateways',
  'records.view': 'patient records',
} as const
export type Permission = keyof typeof permissions

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this route. Required: a route without one does not start. */
    permission?: Permission
    /** A query that reads much: refused with 503 while the event loop lags, so that alarms and walls keep their time. */
    heavy?: boolean
  }
  interface FastifyRequest {
    /** Who asks. */
    person: { id: string; name: string }
  }
}

/** Until people sign in. */
export const localOperator = { id: 'local-operator', name: 'Local operator' } as const

/** Refuses to register a route that names no permission, or one that is not in the table. */
export const permissionsPlugin = fp(
  async (app: FastifyInstance) => {
    app.decorateRequest('person', { getter: () => localOperator })
    app.addHook('onRoute', (route) => {
      const permission = route.config?.permission
      if (permission === undefined || !Object.hasOwn(permissions, permission))
        throw new Error(
          `Route ${String(route.method)} ${route.url} names ${permission ? `an unknown permission "${permission}"` : 'no permission'}`,
        )
    })
  },
  { name: 'permissions' },
)
