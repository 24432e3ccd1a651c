/**
 * One keeper for each data folder. The lock is a listening socket: the kernel frees it when its process dies, however it dies, and no
 * stale file has to be judged. On Linux it has no file at all (an abstract name).
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Rejects with one line when another keeper has the folder. */
export async function lockDataFolder(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  const name = `wardline-keeper-${createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 32)}`
  const address = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(String(process.pid))
  })
  server.unref()
  for (let attempt = 0; ; attempt++) {
    try {
      server.listen(address)
      await once(server, 'listening')
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      const holder = await pidBehind(address)
      if (holder || attempt > 3) throw new Error(`another keeper${holder ? ` (process ${holder})` : ''} already keeps ${dataDir}`)
      if (process.platform !== 'linux') rmSync(address, { force: true })
    }
  }
}

async function pidBehind(address: string): Promise<string | undefined> {
  const socket = connect(address)
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk
  })
  try {
    await once(socket, 'close')
    return said || undefined
  } catch {
    return undefined
  }
}
