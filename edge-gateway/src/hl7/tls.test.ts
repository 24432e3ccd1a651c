import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { expect, test } from 'vitest'
import { codeOf, reading } from '../testing/device.ts'
import { aGateway, ends } from '../testing/gateway.ts'

/** Keys of an authority, a gateway and a monitor, made for this run. */
function keys() {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority')
  for (const name of ['gateway', 'monitor']) {
    openssl('req', ...ec.slice(0, 5), '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-out',
      `${name}.crt`,
    )
  }
  return (name: string) => readFileSync(join(folder, name))
}

/** Node cannot make certificates: where the machine has no openssl, this is not tested. */
const openssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!openssl)('with TLS and an authority, only who has its certificate may speak', async () => {
  const key = keys()
  const gateway = await aGateway(undefined, { mllpTls: { key: key('gateway.key'), cert: key('gateway.crt'), ca: key('ca.crt') } })
  const say = async (more: tls.ConnectionOptions) => {
    const socket = tls.connect({
      port: gateway.mllpPort,
      host: '127.0.0.1',
      ca: key('ca.crt'),
      checkServerIdentity: () => undefined,
      ...more,
    })
    ends.push(() => socket.destroy())
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('secureConnect', () => socket.write(`\x0b${reading('tls')}\x1c\r`))
    await new Promise((done) => socket.on('close', done))
    return codeOf(text)
  }
  expect(await say({ key: key('monitor.key'), cert: key('monitor.crt') })).toBe('AA')
  expect(await say({})).toBe('')
  expect(gateway.stats().messages.accepted).toBe(1)
})
