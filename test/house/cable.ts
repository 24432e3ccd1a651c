/** A network cable that can be cut: a TCP relay between a program and the server it speaks to. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Cable {
  port: number
  /** Drop every connection and refuse new ones. */
  cut(): void
  /** Connections stay open and nothing passes: the half-open link of a dead switch. */
  freeze(): void
  mend(): void
  close(): Promise<void>
}

export async function layCable(to: { host: string; port: number }): Promise<Cable> {
  let state: 'whole' | 'cut' | 'frozen' = 'whole'
  const pairs = new Set<[Socket, Socket]>()
  const server: Server = createServer((near) => {
    if (state === 'cut') return void near.destroy()
    const far = connect(to)
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    const end = () => {
      near.destroy()
      far.destroy()
      pairs.delete(pair)
    }
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.pipe(into)
      from.on('error', end)
      from.on('close', end)
    }
    if (state === 'frozen') for (const socket of pair) socket.unpipe().pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      for (const [near, far] of pairs) {
        near.destroy()
        far.destroy()
      }
      pairs.clear()
    },
    freeze() {
      state = 'frozen'
      for (const pair of pairs) for (const socket of pair) socket.unpipe().pause()
    },
    mend() {
      state = 'whole'
      // What was frozen has missed bytes for too long to be trusted: both ends connect again.
      for (const [near, far] of pairs) {
        near.destroy()
        far.destroy()
      }
      pairs.clear()
    },
    close: () =>
      new Promise((resolve) => {
        for (const [near, far] of pairs) {
          near.destroy()
          far.destroy()
        }
        server.close(() => resolve())
      }),
  }
}
