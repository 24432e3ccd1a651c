import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { StreamName } from '@wardline/devices/streams.ts'
import { describe, expect, test } from 'vitest'
import { brokers } from './testing/broker.ts'
import { admission, alarm, codeOf, Device, idOf, reading } from './testing/device.ts'
import { aDataDir, aDevice, aGateway, ends, spooled } from './testing/gateway.ts'
import { HubEnd, until } from './testing/hub-end.ts'

describe('a spool without room', () => {
  test('an alarm is refused with CR SPOOL_FULL, the page says so, and nothing was acknowledged that is not there', async () => {
    const dir = aDataDir()
    const gateway = await aGateway(dir, { spoolLimitBytes: 1_000_000 })
    const device = await aDevice(gateway)
    const ids: string[] = []
    let refused = ''
    for (let i = 0; !refused; i += 50) {
      const group = Array.from({ length: 50 }, (_, k) => `a${i + k}`)
      device.send(...group.map((id) => alarm(id)))
      for (const answer of (await device.answered(i + 50)).slice(i)) {
        if (codeOf(answer) === 'CA') ids.push(idOf(answer))
        else refused ||= answer
      }
    }
    expect(codeOf(refused)).toBe('CR')
    expect(refused).toContain('SPOOL_FULL')
    expect(refused).toContain('retry: later')
    const health = await fetch(`http://127.0.0.1:${gateway.pagePort}/healthz`)
    expect(health.status).toBe(503)
    await gateway.close()
    expect((await spooled(dir, 'alarms')).map((r) => r.id)).toEqual(ids)
  })
})

describe('with a hub', () => {
  test('readings, alarms and ADT arrive as records of their streams', async () => {
    const broker = await brokers.aedes!()
    ends.push(() => broker.kill())
    const hub = new HubEnd(broker.url)
    hub.checksRecords = true
    ends.push(() => hub.kill())
    await hub.start()
    const gateway = await aGateway(undefined, { mqttUrl: broker.url })
    const device = await aDevice(gateway)
    device.send(reading('r1', { hr: 61 }), alarm('a1'), admission('m1'), 'rubbish')
    await until(() => ['readings', 'alarms', 'adt', 'refusals'].every((name) => hub.stored(name as StreamName).size === 1))
    expect(hub.wrong).toEqual([])
    expect(JSON.parse(hub.stored('readings').get(1)!)).toMatchObject({
      kind: 'observation',
      id: 'r1',
      device: '0012210000BB0007',
    })
    expect(JSON.parse(hub.stored('alarms').get(1)!)).toMatchObject({ kind: 'alarm', alarm: { priority: 'high', phase: 'start' } })
    const before = gateway.stats()
    expect(before.upstream).toBe('ok')
    await until(() => hub.health!.senders.length > 0, 8000)
    expect(hub.health!.senders.find((one) => one.sender.startsWith('GW1'))).toMatchObject({ accepted: 2 })
  })

  test('a refused message is taken in again when the hub says so, and refused again when nothing changed', async () => {
    const broker = await brokers.aedes!()
    ends.push(() => broker.kill())
    const hub = new HubEnd(broker.url)
    ends.push(() => hub.kill())
    await hub.start()
    const gateway = await aGateway(undefined, { mqttUrl: broker.url })
    const device = await aDevice(gateway)
    await device.says(admission('A1'))
    await device.says(admission('A1', { patient: 'P-2' }))
    await device.says('rubbish')
    await until(() => hub.stored('refusals').size === 2)
    const [reused, rubbish] = [...hub.stored('refusals').values()].map((json) => JSON.parse(json) as { id: string; raw: string })
    await hub.redrive({ v: 1, id: reused!.id, raw: reused!.raw })
    await until(() => hub.stored('adt').size === 2)
    expect(JSON.parse(hub.stored('adt').get(2)!)).toMatchObject({ id: 'A1', patient: { identifiers: [{ id: 'P-2' }] } })
    await hub.redrive({ v: 1, id: rubbish!.id, raw: rubbish!.raw })
    await until(() => hub.stored('refusals').size === 3)
    await hub.redrive('nonsense')
    await device.says(admission('A2'))
    expect(hub.wrong).toEqual([])
  })
})

describe('the page', () => {
  test('answers with what is so, and no name from a message becomes markup', async () => {
    const gateway = await aGateway()
    const device = await aDevice(gateway)
    await device.says(admission('1', { sender: '<script>alert(1)</script>' }))
    const at = `http://127.0.0.1:${gateway.pagePort}`
    const health = await fetch(`${at}/healthz`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'alone', accepting: true, upstream: 'no broker', backlog: { adt: 1 } })
    const page = await fetch(`${at}/`)
    const html = await page.text()
    expect(html).toContain('&lt;script&gt;alert(1)')
    expect(html).not.toContain('<script>alert')
    expect(html).not.toMatch(/(src|href)="http/)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const metrics = await (await fetch(`${at}/metrics`)).text()
    for (const line of [
      'gateway_messages_accepted_total 1',
      'gateway_backlog_records{stream="adt"} 1',
      'gateway_spool_write_seconds_count{stream="adt"} 1',
      'gateway_uplink_connected 0',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(metrics).toContain(line)
    }
  })
})

describe('the program', () => {
  async function program(
    dir: string,
    env: Record<string, string> = {},
  ): Promise<{ child: ChildProcess; line: string; mllpPort: number; errors: () => string }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      env: {
        ...process.env,
        WARDLINE_DATA_DIR: dir,
        GATEWAY_PORT: '0',
        MLLP_PORT: '0',
        MLLP_SENDERS: 'any',
        MQTT_URL: 'mqtt://127.0.0.1:1',
        DUPLICATES_BYTES: '1048576',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    ends.push(() => child.kill('SIGKILL'))
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    const exit = once(child, 'exit')
    await Promise.race([until(() => out.includes('\n')), exit])
    return { child, line: out.trim(), mllpPort: Number(/MLLP on 127\.0\.0\.1:(\d+)/.exec(out)?.[1]), errors: () => err }
  }

  test('killed with SIGKILL in the middle of a load, it has every message that it acknowledged, once', async () => {
    const dir = aDataDir()
    const acknowledged = new Set<string>()
    let sent = 0
    for (let round = 0; round < 3; round++) {
      const { child, mllpPort } = await program(dir)
      const devices = await Promise.all(Array.from({ length: 4 }, () => Device.at(mllpPort)))
      const feed = setInterval(() => {
        for (const device of devices)
          device.send(...Array.from({ length: 10 }, () => (++sent % 10 ? reading(`k${sent}`) : alarm(`k${sent}`))))
      }, 4)
      const goal = round * 400 + 400
      await until(() => devices.reduce((sum, device) => sum + device.answers.length, 0) > goal)
      child.kill('SIGKILL')
      await once(child, 'exit')
      clearInterval(feed)
      await until(() => devices.every((device) => device.closed))
      for (const device of devices) {
        for (const answer of device.answers) {
          expect(['AA', 'CA']).toContain(codeOf(answer))
          acknowledged.add(idOf(answer))
        }
        device.end()
      }
    }
    const ids = [...(await spooled(dir, 'readings')), ...(await spooled(dir, 'alarms'))].map((record) => record.id as string)
    expect(new Set(ids).size).toBe(ids.length)
    const there = new Set(ids)
    expect([...acknowledged].filter((id) => !there.has(id))).toEqual([])
    expect(acknowledged.size).toBeGreaterThan(2000)
  }, 40_000)

  test('says one line when it is ready, and ends on SIGTERM within three seconds with all that it took', async () => {
    const dir = aDataDir()
    const { child, line, mllpPort } = await program(dir)
    expect(line).toMatch(/^gateway gw1: MLLP on 127\.0\.0\.1:\d+, page http:\/\/127\.0\.0\.1:\d+$/)
    const device = await Device.at(mllpPort)
    device.send(...Array.from({ length: 200 }, (_, i) => reading(`t${i}`)))
    await device.answered(1)
    const before = Date.now()
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(Date.now() - before).toBeLessThan(3000)
    expect(code).toBe(0)
    await until(() => device.closed)
    const there = new Set((await spooled(dir, 'readings')).map((record) => record.id))
    expect(device.answers.map(idOf).filter((id) => !there.has(id))).toEqual([])
  })

  test('a second one on the same spool, and a wrong setting, are one line each', async () => {
    const dir = aDataDir()
    const first = await program(dir)
    const second = await program(dir)
    expect(second.line).toBe('')
    await until(() => second.errors().includes('\n'))
    expect(second.errors().trim()).toBe(
      `gateway: the spool ${join(dir, 'gateways/gw1/spool')} is in use by process ${first.child.pid}`,
    )
    expect(second.child.exitCode).toBe(1)
    const wrong = await program(dir, { MLLP_PORT: 'telephone' })
    await until(() => wrong.errors().includes('\n'))
    expect(wrong.errors().trim()).toBe('gateway: MLLP_PORT="telephone": a whole number from 0 to 65535')
  })
})
