/**
 * The embedded broker's accounts: `<data>/broker/credentials.json` has each one's hash and role, `<data>/broker/<name>.key` (mode 0600) the
 * password itself for the program that runs on this machine.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

export const roles = ['hub', 'gateway'] as const
export type Role = (typeof roles)[number]

const Credentials = Type.Object({
  users: Type.Record(
    Type.String(),
    Type.Object({
      hash: Type.String({ pattern: '^scrypt\\$\\d+\\$\\d+\\$\\d+\\$[A-Za-z0-9_-]+\\$[A-Za-z0-9_-]+$' }),
      role: Type.Enum(roles),
    }),
  ),
})
export type Credentials = Static<typeof Credentials>

/** An account's name is part of every topic of a gateway, and of a file's name. */
export const ACCOUNT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/

export const credentialsFile = (dataDir: string): string => join(dataDir, 'broker', 'credentials.json')
const keyFile = (dataDir: string, name: string): string => join(dataDir, 'broker', `${name}.key`)

/** The accounts; none when there is no file yet. Throws an Error that names the file when it is not what it should be. */
export function readCredentials(dataDir: string): Credentials {
  const file = credentialsFile(dataDir)
  if (!existsSync(file)) return { users: {} }
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Error(`${file} is not JSON`)
  }
  if (!Value.Check(Credentials, content)) throw new Error(`${file} does not hold broker accounts`)
  return content
}

/** The password of an account whose key is on this machine. */
export function keyOf(dataDir: string, name: string): string | undefined {
  const file = keyFile(dataDir, name)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

/** Change the accounts, one process at a time; the file is whole at every moment. */
export async function changeCredentials(dataDir: string, change: (credentials: Credentials) => Promise<void>): Promise<void> {
  mkdirSync(join(dataDir, 'broker'), { recursive: true, mode: 0o700 })
  await withLock(`${credentialsFile(dataDir)}.lock`, async () => {
    const credentials = readCredentials(dataDir)
    const before = JSON.stringify(credentials)
    await change(credentials)
    if (JSON.stringify(credentials) !== before)
      writePrivately(credentialsFile(dataDir), `${JSON.stringify(credentials, null, 2)}\n`)
  })
}

export function writeKey(dataDir: string, name: string, password: string): void {
  writePrivately(keyFile(dataDir, name), `${password}\n`)
}
export function removeKey(dataDir: string, name: string): void {
  rmSync(keyFile(dataDir, name), { force: true })
}

/** Mode 0600 from its first moment, and never half written. */
export function writePrivately(file: string, content: string): void {
  const fresh = `${file}.${process.pid}.new`
  writeFileSync(fresh, content, { mode: 0o600, flush: true })
  chmodSync(fresh, 0o600)
  renameSync(fresh, file)
}

/** Whoever died with the lock in hand loses it after this long; no change takes a tenth of it. */
const LOCK_LIFE_MS = 10_000

async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      closeSync(openSync(file, 'wx', 0o600))
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      try {
        if (Date.now() - statSync(file).mtimeMs > LOCK_LIFE_MS) rmSync(file, { force: true })
      } catch {
        // It was given back just now.
      }
      await sleep(20)
    }
  }
  try {
    await work()
  } finally {
    rmSync(file, { force: true })
  }
}

// OWASP's figure for scrypt is N = 2^17. These passwords are 256 random bits, which no guessing finds: 2^14 keeps a reconnect of all gateways
// at once from holding up the broker.
const COST = { N: 16_384, r: 8, p: 1 }
const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt)

export const newPassword = (): string => randomBytes(32).toString('base64url')

export async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, 32, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt, hash] = stored.split('$')
  const expected = Buffer.from(hash!, 'base64url')
  const given = await derive(password, Buffer.from(salt!, 'base64url'), expected.length, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  })
  return timingSafeEqual(given, expected)
}
