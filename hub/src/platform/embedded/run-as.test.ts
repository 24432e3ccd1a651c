import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { postgresBinaries } from './postgres-engine.ts'
import { runAsForPostgres } from './run-as.ts'

const isRoot = process.getuid?.() === 0
let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe.runIf(isRoot)('started by root', () => {
  test('programs in a folder that only root may enter find each other, as in a checkout under /root', async () => {
    const { initdb } = await postgresBinaries()
    folder = mkdtempSync(join(tmpdir(), 'wardline-closed-'))
    chmodSync(folder, 0o700)
    const bin = join(folder, 'bin')
    symlinkSync(dirname(realpathSync(initdb)), bin)
    const { commandFor } = runAsForPostgres([join(bin, 'initdb'), join(bin, 'postgres')])
    const [command, args] = commandFor(join(bin, 'initdb'), ['--pgdata', join(folder, 'data'), '--username', 'x', '--no-sync'])
    // initdb looks for its sibling with access(2) on the path it was called by.
    expect(execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })).toContain('Success')
  })
})
