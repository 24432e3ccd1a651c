/**
 * One process for each spool. The lock is a name in the kernel's abstract socket space, made from the folder's device and inode:
 * the kernel gives it to one process only and takes it back however that process ends, so that there is no stale lock after
 * SIGKILL and no race for it. The file `owner` beside it only says to people who holds it.
 */
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'

export class SpoolLocked extends Error {}

/** Takes the lock of this folder, or throws {@link SpoolLocked}. Gives back how to let go of it. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(folder)
  const server = net.createServer((socket) => socket.destroy())
  server.unref()
  // Linux has the abstract space; elsewhere a loopback port stands for the folder, with the same properties.
  if (process.platform === 'linux') server.listen({ path: `\0wardline-spool-${dev}-${ino}` })
  else server.listen({ host: '127.0.0.1', port: 49_152 + (Number(ino) % 16_384) })
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    let owner = 'another process'
    try {
      owner = `process ${readFileSync(join(folder, 'owner'), 'utf8').trim()}`
    } catch {} // it has only just started
    throw new SpoolLocked(`the spool ${folder} is in use by ${owner}`)
  }
  writeFileSync(join(folder, 'owner'), `${process.pid}\n`)
  return () => new Promise((done) => server.close(() => done()))
}
