/**
 * The real servers and the browser that some tests run against, from Debian's packages. Installed when we may (root on Debian); else named, so
 * that nobody takes a skipped test for a passed one. Nothing is started by installing: services are kept down while apt runs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const wanted = [
  { package: 'redis-server', file: '/usr/bin/redis-server' },
  { package: 'influxdb', file: '/usr/bin/influxd' },
  { package: 'mosquitto', file: '/usr/sbin/mosquitto' },
  { package: 'chromium', file: '/usr/bin/chromium' },
  { package: 'openssl', file: '/usr/bin/openssl' },
] as const

const POLICY = '/usr/sbin/policy-rc.d'

/** Installs what is missing, as far as allowed. Returns what is still missing. */
export function provideDebianEngines(say: (line: string) => void): string[] {
  const missing = () => wanted.filter(({ file }) => !existsSync(file)).map((each) => each.package)
  const before = missing()
  if (before.length === 0) return []
  const debian = existsSync('/etc/os-release') && /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'))
  if (!debian || process.getuid?.() !== 0) return before
  say(`installing ${before.join(', ')} from Debian's packages …`)
  const ours = !existsSync(POLICY)
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...before], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    })
  } finally {
    if (ours) rmSync(POLICY, { force: true })
  }
  return missing()
}
