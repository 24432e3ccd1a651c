import { STATUS_CODES } from 'node:http'
import { Refusal, refusalsOf } from '../../platform/http/refusals.ts'
import { viewNames } from '../views/contract.ts'

const table = refusalsOf('live', {
  VIEW_UNKNOWN: { status: 404, says: 'There is no view {view}; there are: {views}', retry: 'never' },
  INVALID_REQUEST: { status: 400, says: 'The message is not as the socket contract says', retry: 'never' },
  VIEW_NOT_OPEN: { status: 409, says: 'View {view} is not open', retry: 'never' },
  TOO_MANY_REQUESTS: { status: 429, says: 'Too many messages; wait a little', retry: 'later' },
  TOO_MANY_UNITS: { status: 503, says: 'Too many units are watched by walls of their own; open the whole view', retry: 'later' },
})

/** What a socket client is refused, and how it is told (problem details, RFC 9457). */
export const refusals = {
  ...table,
  /** For a message that is no Open: says which view is unknown, where that is what is wrong. */
  notAView(said: unknown): Refusal {
    const view = typeof said === 'object' && said !== null && 'view' in said ? said.view : undefined
    if (typeof view !== 'string' || (viewNames as readonly string[]).includes(view)) return table.INVALID_REQUEST()
    return table.VIEW_UNKNOWN({ view: view.slice(0, 64), views: viewNames.join(', ') })
  },
  isRefusal: (error: unknown): error is Refusal => error instanceof Refusal,
  problemOf(error: unknown): { type: string; title: string; status: number; code: string; detail?: string; retry?: string } {
    if (!(error instanceof Refusal)) return { type: 'about:blank', title: STATUS_CODES[500]!, status: 500, code: 'INTERNAL' }
    const { status, code, message, retry } = error
    return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail: message, retry }
  },
}
