import { type AddressInfo, createServer, type Socket } from 'node:net'
import { frame, MllpFramer } from '@wardline/devices/hl7/mllp.ts'
import { expectedAnswer, readHeader } from '../replay/message-header.ts'

export interface ReceivedMessage {
  /** MSH-10. */
  id: string
  /** MSH-9. */
  type: string
  bytes: Buffer
  /** From 1, in the order of the connections. */
  connection: number
}

/** What to do with a message: an MSA-1 code to answer with, nothing at all, or the connection cut before or after the answer. */
export type Reaction = 'accept' | 'silent' | 'cut' | { code: string; text?: string } | { codes: string[] }

export interface MllpReceiver {
  port: number
  /** Everything that came, in order, repeats included. */
  received: ReceivedMessage[]
  /** Connections that are open now. */
  open(): number
  /** Cuts every open connection without a word. */
  cutAll(): void
  /** Waits until `received` holds what is asked for; throws an Error with what came after `withinMs`. */
  until(enough: (received: ReceivedMessage[]) => boolean, withinMs?: number): Promise<void>
  close(): Promise<void>
}

/**
 * A receiver of HL7 over MLLP on a free port of this machine, with nothing behind it: what tests of senders talk to. It
 * answers in the mode that each message asks for, unless `react` says otherwise.
 */
export async function startMllpReceiver(
  react: (message: ReceivedMessage) => Reaction = () => 'accept',
  port = 0,
): Promise<MllpReceiver> {
  const received: ReceivedMessage[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    const connection = ++connections
    const framer = new MllpFramer()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // a sender that goes away is part of the tests
    socket.on('data', (chunk) => {
      for (const one of framer.push(chunk)) {
        if (one.kind !== 'frame' || socket.destroyed) continue
        const bytes = Buffer.from(one.bytes)
        const header = readHeader(bytes)
        const message = { id: header.id, type: header.type, bytes, connection }
        received.push(message)
        const reaction = react(message)
        if (reaction === 'cut') socket.destroy()
        else if (reaction === 'accept') {
          const { original, commit, application } = expectedAnswer(header)
          if (commit === 'must') socket.write(answer('CA', header.id))
          if (original === 'must' || application === 'must') socket.write(answer('AA', header.id))
        } else if (reaction !== 'silent') {
          const text = 'text' in reaction ? reaction.text : undefined
          for (const code of 'codes' in reaction ? reaction.codes : [reaction.code]) socket.write(answer(code, header.id, text))
        }
      }
    })
  })
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done))
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    received,
    open: () => sockets.size,
    cutAll,
    async until(enough, withinMs = 5000) {
      const end = performance.now() + withinMs
      while (!enough(received)) {
        if (performance.now() > end) throw new Error(`not within ${withinMs} ms; came: ${received.map(({ id }) => id).join(' ')}`)
        await new Promise((wait) => setTimeout(wait, 5))
      }
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        cutAll()
      }),
  }
}

function answer(code: string, id: string, text = ''): Buffer {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return frame(
    `MSH|^~\\&|RECEIVER||||${time}+0000||ACK|A${time}${Math.floor(Math.random() * 1e6)}|P|2.6\rMSA|${code}|${id}|${text}\r`,
  )
}
