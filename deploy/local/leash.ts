/**
 * Preloaded (`node --import`) into what the supervisor starts: when the supervisor's end of the leash closes, because it ended or was killed,
 * the program is asked to end, and after five seconds made to.
 */
import { Socket } from 'node:net'

const fd = Number(process.env.WARDLINE_LEASH)
if (Number.isInteger(fd) && fd > 2) {
  delete process.env.WARDLINE_LEASH // its own children are on no leash of ours
  const leash = new Socket({ fd, readable: true, writable: false })
  const end = () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000).unref()
  }
  leash.on('error', end)
  leash.on('close', end)
  leash.resume()
  leash.unref()
}
