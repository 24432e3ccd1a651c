import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { buildApp, refusals } from './app.ts'

test('/docs: a page that runs under its own policy and names nothing outside', async () => {
  const app = await buildApp({
    health: {
      site: { id: 'hosp', name: 'x', timeZone: 'UTC', version: '0' },
      upstream: async () => ({ database: true, redis: true, broker: true, history: true }),
      started: () => true,
      gateways: () => ({ online: 0, offline: 0 }),
    },
    services: () => {
      throw refusals.STARTING()
    },
  })
  expect((await app.inject('/docs')).headers.location).toBe('/docs/')
  const page = await app.inject('/docs/')
  expect(page.statusCode).toBe(200)
  const policy = String(page.headers['content-security-policy'])
  // Each script in the page is one that the policy lets run, and nothing else is let in.
  const inline = [...page.body.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)]
  for (const [, script] of inline) expect(policy).toContain(`'sha256-${createHash('sha256').update(script!).digest('base64')}'`)
  expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe-inline/)
  expect(
    [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url).filter((url) => /^(https?:)?\/\//.test(url!)),
  ).toEqual([])
  const script = await app.inject('/docs/js/scalar.js')
  expect([script.statusCode, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8'])
  expect(script.rawPayload.length).toBeGreaterThan(1_000_000)
  expect((await app.inject('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0', components: { schemas: { BedItem: {} } } })
  await app.close()
})
