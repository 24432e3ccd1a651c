/**
 * aedes goes on to the next message only when every subscriber's socket has said that it can take more, so one that stops reading holds up all
 * others: three seconds without an alarm. Here a socket says so only when much is held for it, and one that takes nothing for a while is ended.
 */
import type { Socket } from 'node:net'

export interface SlowReaders {
  /** From its first byte on. */
  watch(socket: Socket): void
  close(): void
}

/**
 * @param heldBytes what may wait for one reader before it holds up the others after all
 * @param patienceMs how long something may wait for a reader that takes nothing
 */
export function watchSlowReaders({
  heldBytes,
  patienceMs,
  frozen,
}: {
  heldBytes: number
  patienceMs: number
  frozen: (socket: Socket) => void
}): SlowReaders {
  const seen = new Map<Socket, { taken: number; at: number }>()
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [socket, last] of seen) {
      const taken = socket.bytesWritten - socket.writableLength
      if (socket.writableLength === 0 || taken !== last.taken) Object.assign(last, { taken, at: now })
      else if (now - last.at >= patienceMs) {
        frozen(socket)
        socket.destroy()
      }
    }
  }, patienceMs / 6)
  return {
    watch(socket) {
      seen.set(socket, { taken: 0, at: performance.now() })
      socket.once('close', () => seen.delete(socket))
      const write = socket.write.bind(socket) as (...said: unknown[]) => boolean
      socket.write = ((...said: unknown[]) => write(...said) || socket.writableLength < heldBytes) as Socket['write']
    },
    close: () => clearInterval(timer),
  }
}
