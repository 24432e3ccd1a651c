import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isFree, portFor } from '../embedded/ports.ts'
import { parentOf, processesLike, signal, within } from '../embedded/processes.ts'
import { silentLog, temporaryEngines } from '../embedded/temporary-engines.ts'
import { openRedis, type RedisLink } from './redis.ts'

interface Server {
  url: string
  kill(): Promise<void>
  /** Back at the same address, empty. */
  back(): Promise<void>
  end(): Promise<void>
}

describeLink('Valkey, embedded', embeddedValkey)
const REDIS = '/usr/bin/redis-server'
if (existsSync(REDIS)) describeLink('Redis', redisServer)
else
  test.skipIf(!process.env.CI)(`Redis: ${REDIS} is not installed`, () => {
    expect.fail(`${REDIS} must be installed where CI is set`)
  })

function describeLink(name: string, start: () => Promise<Server>): void {
  describe(name, () => {
    let server: Server
    const links: RedisLink[] = []
    const link = async () => {
      const opened = await openRedis(server.url, { log: silentLog })
      links.push(opened)
      return opened
    }
    beforeAll(async () => {
      server = await start()
    })
    afterEach(async () => {
      for (const each of links.splice(0)) await each.close()
    })
    afterAll(() => server?.end())

    test('keeps what it is told, hashes and times to live, and tells subscribers', async () => {
      const { client, subscriber, healthy } = await link()
      expect(await healthy()).toBe(true)
      const heard: string[] = []
      await subscriber.subscribe('ward', (message) => heard.push(message))
      await client.hSet('live:device:a', { hr: '72', spo2: '97' })
      expect({ ...(await client.hGetAll('live:device:a')) }).toEqual({ hr: '72', spo2: '97' })
      await client.set('short', '1', { expiration: { type: 'PX', value: 300 } })
      expect(await client.get('short')).toBe('1')
      expect(await within(2000, async () => (await client.get('short')) === null)).toBe(true)
      await client.publish('ward', 'patch')
      expect(await within(1000, () => heard[0] === 'patch')).toBe(true)
    })

    test('dies: commands fail at once; returns: they work, and subscriptions are there again', async () => {
      const { client, subscriber, healthy, on } = await link()
      const said: string[] = []
      on('up', () => said.push('up'))
      on('down', () => said.push('down'))
      const heard: string[] = []
      await subscriber.subscribe('ward', (message) => heard.push(message))
      await server.kill()
      expect(await within(3000, () => said.includes('down'))).toBe(true)
      const began = performance.now()
      await expect(client.get('x')).rejects.toThrow()
      expect(performance.now() - began).toBeLessThan(1000)
      expect(await healthy()).toBe(false)
      await server.back()
      expect(await within(5000, () => said.includes('up'))).toBe(true)
      await client.set('x', '1')
      expect(await within(5000, async () => Number(await client.publish('ward', 'again')) > 0)).toBe(true)
      expect(await within(1000, () => heard.includes('again'))).toBe(true)
      expect(said).toEqual(['down', 'up'])
    })

    test('is not there yet: the hub starts, and is told when it comes', async () => {
      await server.kill()
      const late = await link()
      let ups = 0
      late.on('up', () => ups++)
      expect(late.up).toBe(false)
      await expect(late.client.get('x')).rejects.toThrow()
      await server.back()
      expect(await within(8000, () => ups === 1 && late.up)).toBe(true)
      await late.client.set('x', '2')
    })
  })
}

async function embeddedValkey(): Promise<Server> {
  const engines = await temporaryEngines({ valkey: true })
  const port = new URL(engines.redisUrl!).port
  return {
    url: engines.redisUrl!,
    kill: async () => {
      for (const pid of childrenOf(engines.keeper.pid)) signal(pid, 'SIGKILL')
    },
    back: async () => {
      expect(await within(10_000, async () => !(await isFree('127.0.0.1', Number(port))))).toBe(true)
    },
    end: () => engines.end(),
  }
}

/** Of the keeper: by the command line, which bears the engine's program. */
function childrenOf(keeper: number): number[] {
  return processesLike((line) => line.includes('valkey-process.ts')).filter((pid) => parentOf(pid) === keeper)
}

async function redisServer(): Promise<Server> {
  const port = await portFor('127.0.0.1', 0)
  let child: ChildProcess
  const start = async () => {
    child = spawn(REDIS, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
    expect(await within(5000, async () => !(await isFree('127.0.0.1', port)))).toBe(true)
  }
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await start()
  return { url: `redis://127.0.0.1:${port}`, kill, back: start, end: kill }
}
