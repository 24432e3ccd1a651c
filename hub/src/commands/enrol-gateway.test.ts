import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, migrate, openDatabase } from '../platform/database/database.ts'
import { enrolledGateways } from '../platform/embedded/enrol.ts'
import { silentLog, type TemporaryEngines, temporaryEngines } from '../platform/embedded/temporary-engines.ts'

let engines: TemporaryEngines
let database: Database
beforeAll(async () => {
  engines = await temporaryEngines({ postgres: true })
  database = openDatabase(engines.databaseUrl!, { log: silentLog })
  await migrate(database)
})
afterAll(async () => {
  await database?.close()
  await engines?.end()
})

/** The command as a person runs it: what it printed, or what it failed with. */
async function enrolment(args: string[], databaseUrl = engines.databaseUrl!): Promise<string> {
  const env = { PATH: process.env.PATH, WARDLINE_DATA_DIR: engines.dataDir, DATABASE_URL: databaseUrl }
  const ran = promisify(execFile)(process.execPath, [`${import.meta.dirname}/enrol-gateway.ts`, ...args], { env })
  return ran.then(
    ({ stdout }) => stdout,
    ({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr}`,
  )
}
const maySpeak = async (): Promise<string[]> => {
  const { rows } = await database.pool.query<{ id: string }>('select id from gateway where revoked_at is null')
  return rows.map(({ id }) => id)
}

test('a gateway is enrolled, revoked, and enrolled again', async () => {
  expect(await enrolment(['ward-5'])).toMatch(/^ward-5 is enrolled; .*\ntable gateway: ward-5 may speak\n$/)
  expect(await enrolment(['ward-5'])).toContain('was enrolled already')
  expect([await maySpeak(), enrolledGateways(engines.dataDir)]).toEqual([['ward-5'], ['ward-5']])
  expect(await enrolment(['--revoke', 'ward-5'])).toBe('ward-5 is revoked\n')
  expect([await maySpeak(), enrolledGateways(engines.dataDir)]).toEqual([[], []])
  expect(await enrolment(['ward-5'])).toContain('ward-5 is enrolled')
  expect(await maySpeak()).toEqual(['ward-5'])
})

test('what the database was not told is not said to be revoked, and the account stays', async () => {
  await enrolment(['ward-6'])
  expect(await enrolment(['--revoke', 'ward-6'], 'postgres://127.0.0.1:1/nobody')).toMatch(
    /^1 enrol-gateway: ward-6 is not revoked: the database could not be told/,
  )
  expect(enrolledGateways(engines.dataDir)).toContain('ward-6')
})
