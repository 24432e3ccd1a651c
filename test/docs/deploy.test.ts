/** The files that a site copies speak of what is there. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { topics } from '@wardline/devices/topics.ts'
import { Metrics } from '@wardline/edge-gateway/page/metrics.ts'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, has } from '../house/a-house.ts'
import { freePorts } from '../house/ports.ts'

const checkout = join(import.meta.dirname, '../..')
const text = (file: string): string => readFileSync(join(checkout, file), 'utf8')

describe('figures', () => {
  const sources = globSync('{hub,edge-gateway}/src/**/*.ts', { cwd: checkout, exclude: (name) => name.endsWith('.test.ts') })
  const sockets = text('hub/src/live/sockets/metrics.ts')
  /** From the keys of the two tables in the sockets' file, which makes its names of them. */
  const socketNames = (table: string, ending: string): string[] =>
    [
      ...sockets
        .split(`const ${table} = {`)[1]!
        .split('\n}')[0]!
        .matchAll(/^ {2}(\w+):/gm),
    ].map(([, key]) => `wardline_sockets_${key!.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}${ending}`)
  const real = new Set([
    ...sources.flatMap((file) => text(file).match(/(?<=')wardline_[a-z]+_[a-z_]*[a-z](?=')/g) ?? []),
    ...socketNames('gauges', ''),
    ...socketNames('counters', '_total'),
    ...gatewayNames(),
  ])
  const named = (file: string): string[] => [...new Set(text(file).match(/\b(?:wardline|gateway)_[a-z]+_[a-z_]*[a-z]\b/g))]

  function gatewayNames(): string[] {
    const metrics = new Metrics()
    metrics.observe({} as Parameters<Metrics['observe']>[0]) // what it is given is looked at when somebody asks
    return metrics.registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('gateway_'))
  }

  test('an alert is about figures that exist', () => {
    const used = named('deploy/prometheus/alerts.yml').map((name) => name.replace(/_bucket$/, ''))
    expect(used.length).toBeGreaterThan(15)
    expect(used.filter((name) => !real.has(name))).toEqual([])
  })

  test('the page for who is on call explains each, and no other', () => {
    expect(named('docs/operating.md').sort()).toEqual([...real].sort())
  })
})

test('every file of this house that deploy/ and the pages name is there', () => {
  const files = ['docs/architecture.md', 'docs/operating.md', 'deploy/README.md', 'README.md', 'docs/adr/README.md']
  for (const file of files)
    for (const [, to] of text(file).matchAll(/\]\(((?!https?:)[^)#]+)/g))
      expect({ file, to, there: existsSync(join(checkout, file, '..', to!)) }).toMatchObject({ there: true })
  for (const file of globSync('deploy/{compose.yaml,Dockerfile,README.md,systemd/*,prometheus/*}', { cwd: checkout }))
    for (const [path] of text(file).matchAll(
      /\b(?:deploy|hub|edge-gateway|console|docs)\/[\w./-]*\.(?:ts|mjs|md|json|conf|acl|service)\b/g,
    ))
      expect({ file, path, there: existsSync(join(checkout, path)) }).toMatchObject({ there: true })
})

test('the index of decisions has each of them', () => {
  const adrs = globSync('docs/adr/0*.md', { cwd: checkout }).sort()
  for (const [i, file] of adrs.entries()) {
    const [title, , date] = text(file).split('\n') as [string, string, string]
    expect(title).toMatch(new RegExp(`^# ${i + 1}\\. `))
    expect(date).toMatch(/^Date: \d{4}-\d\d-\d\d · Status: (accepted|replaced by \d{4})/)
    expect(text('docs/adr/README.md')).toContain(`[${title.slice(2)}](${file.split('/').at(-1)})`)
  }
})

describe.skipIf(!has('mosquitto'))('Mosquitto with the rights of deploy/mosquitto', () => {
  let folder: string
  let broker: ChildProcess
  let url: string
  const at = { site: 'hosp', gateway: 'gw1' }
  const other = { site: 'hosp', gateway: 'gw2' }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wardline-mosquitto-'))
    chmodSync(folder, 0o755)
    const [port] = await freePorts(1)
    url = `mqtt://127.0.0.1:${port}`
    // Where it lies and listens is the site's; the TLS listener needs a certificate.
    const conf = text('deploy/mosquitto/wardline.conf')
      .replaceAll('/etc/mosquitto', folder)
      .replace('listener 1883 ', `listener ${port} `)
      .replace(/^listener 8883\ncertfile .*\nkeyfile .*$/m, '')
    expect(conf).not.toContain('certfile')
    writeFileSync(join(folder, 'mosquitto.conf'), conf)
    writeFileSync(join(folder, 'wardline.acl'), text('deploy/mosquitto/wardline.acl'))
    const passwords = join(folder, 'wardline.passwords')
    writeFileSync(passwords, '')
    for (const user of ['hub', 'gw1', 'gw2'])
      execFileSync('/usr/bin/mosquitto_passwd', ['-b', passwords, user, `${user}-password`])
    for (const file of ['wardline.acl', 'wardline.passwords']) chmodSync(join(folder, file), 0o644)
    broker = spawn(engines.mosquitto, ['-c', join(folder, 'mosquitto.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
    for await (const line of createInterface({ input: broker.stderr! })) if (/version .* running/.test(line)) break
  })
  afterAll(async () => {
    if (broker?.exitCode === null && broker.kill()) await once(broker, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })

  const connect = (username: string) =>
    mqtt.connectAsync(url, { username, password: `${username}-password`, protocolVersion: 5, reconnectPeriod: 0 }, false)
  const publishes = (client: mqtt.MqttClient, topic: string) =>
    client.publishAsync(topic, 'x', { qos: 1 }).then(
      () => true,
      () => false,
    )

  test('a gateway speaks under its own name only, and hears only what is for it', async () => {
    const [hub, gateway] = [await connect('hub'), await connect('gw1')]
    const heard: string[] = []
    gateway.on('message', (topic) => heard.push(topic))
    await gateway.subscribeAsync('#')
    await gateway.subscribeAsync(topics.commits.at(other))
    for (const own of [
      topics.stream.at({ ...at, stream: 'alarms' }),
      topics.now.at(at),
      topics.status.at(at),
      topics.health.at(at),
    ])
      expect({ own, may: await publishes(gateway, own) }).toEqual({ own, may: true })
    for (const not of [
      topics.stream.at({ ...other, stream: 'alarms' }),
      topics.status.at(other),
      topics.commits.at(at),
      'site/hosp/x',
    ])
      expect({ not, may: await publishes(gateway, not) }).toEqual({ not, may: false })
    for (const to of [topics.commits.at(other), topics.redrive.at(other), topics.redrive.at(at), topics.commits.at(at)])
      expect({ to, may: await publishes(hub, to) }).toEqual({ to, may: true })
    await expect.poll(() => heard).toContain(topics.commits.at(at))
    expect([...new Set(heard)].sort()).toEqual([topics.commits.at(at), topics.redrive.at(at)].sort())
    await Promise.all([hub.endAsync(), gateway.endAsync()])
  })

  test('nobody comes in without an account', async () => {
    await expect(mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 }, false)).rejects.toThrow(/not authorized/i)
  })
})
