/**
 * A bound on MQTT packets. The parser under aedes gathers a whole packet before anyone may refuse it, up to the 256 MB that the protocol
 * allows [STD MQTT 3.1.1, 2.2.3]; so the length is read here as the bytes go by, and a connection that announces too much ends at once.
 */
import type { Socket } from 'node:net'

export function limitPacketSize(socket: Socket, limitBytes: number, tooLarge: (bytes: number) => void): void {
  const read = socket.read.bind(socket)
  const check = packetLengths()
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size)
    if (!chunk) return chunk
    const length = check(chunk, limitBytes)
    if (length === undefined) return chunk
    tooLarge(length)
    socket.destroy()
    return null
  }
}

/** Follows the packets of one connection; gives the length of the first that is longer than `limit`, once it is announced. */
export function packetLengths(): (chunk: Buffer, limit: number) => number | undefined {
  let remaining = 0
  let lengthBytes = -1
  let length = 0
  return (chunk, limit) => {
    let at = 0
    while (at < chunk.length) {
      if (remaining > 0) {
        const taken = Math.min(remaining, chunk.length - at)
        remaining -= taken
        at += taken
      } else if (lengthBytes < 0) {
        // The first byte: type and flags.
        lengthBytes = 0
        length = 0
        at++
      } else {
        const byte = chunk[at++]!
        length += (byte & 0x7f) * 128 ** lengthBytes
        lengthBytes++
        if (length > limit) return length
        if (byte < 0x80 || lengthBytes === 4) {
          remaining = length
          lengthBytes = -1
        }
      }
    }
    return undefined
  }
}
