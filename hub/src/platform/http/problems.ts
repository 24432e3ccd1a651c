import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import Type, { type Static } from 'typebox'
import { Refusal } from './refusals.ts'

/** Problem details [STD RFC 9457]. `code` is the refusal's name; `errors` says where in the request. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank: the status and `code` say it all' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String({ description: 'The path that was asked for' })),
    requestId: Type.String({ description: 'Find it in the log by this' }),
    retry: Type.Optional(Type.Enum(['never', 'later', 'ask'])),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          in: Type.String({ description: 'body, querystring, params or headers' }),
          at: Type.String(),
          says: Type.String(),
        }),
      ),
    ),
  },
  { description: 'Why a request was refused (RFC 9457)' },
)
export type Problem = Static<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** Names for what Fastify and Node refuse by themselves. */
const codeOf: Record<number, string> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'TOO_MANY_REQUESTS',
  431: 'HEADERS_TOO_LARGE',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

/** Where Fastify's validation found fault: JSON pointers into the named part of the request. */
interface Fault {
  instancePath?: string
  message?: string
  params?: { requiredProperties?: readonly string[]; additionalProperties?: readonly string[] }
}

/**
 * What any thrown error says to the outside. A 5xx that is not a refusal says nothing of its cause: that is in the log under the
 * request's id.
 */
export function problemOf(error: unknown, request: Pick<FastifyRequest, 'id' | 'url'>): Problem {
  // Without the query: it may hold a patient's identifier, and problems are logged and forwarded.
  const common = { type: 'about:blank', instance: request.url.split('?', 1)[0] ?? '', requestId: String(request.id) }
  if (error instanceof Refusal)
    return {
      ...common,
      title: titleOf(error.status),
      status: error.status,
      code: error.code,
      detail: error.message,
      retry: error.retry,
    }
  const { statusCode, validation, validationContext, message } = error as Partial<FastifyError>
  if (validation) {
    const part = validationContext ?? 'body'
    return {
      ...common,
      title: titleOf(400),
      status: 400,
      code: 'INVALID_REQUEST',
      detail: `The ${part === 'params' ? 'path' : part} is not as the API description says`,
      retry: 'never',
      errors: (validation as Fault[]).slice(0, 20).flatMap((fault) => {
        const names = fault.params?.requiredProperties ?? fault.params?.additionalProperties ?? ['']
        return names.map((name) => ({
          in: part,
          at: `${fault.instancePath ?? ''}${name && `/${name}`}`,
          says: fault.message ?? 'is not valid',
        }))
      }),
    }
  }
  const status = statusCode !== undefined && statusCode >= 400 && statusCode < 600 ? statusCode : 500
  return {
    ...common,
    title: titleOf(status),
    status,
    code: codeOf[status] ?? 'REFUSED',
    ...(status < 500 && message ? { detail: message } : {}),
    ...(status === 429 || status === 503 ? { retry: 'later' as const } : {}),
  }
}

const titleOf = (status: number) => STATUS_CODES[status] ?? 'Error'

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  // The response schema of the route is for its answers, not for its refusals: send bytes.
  return reply
    .code(problem.status)
    .header('content-type', PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .send(Buffer.from(JSON.stringify(problem)))
}

/** Every error and every unknown path becomes a problem; unexpected ones are logged with their cause. */
export const problemsPlugin = fp(
  async (app: FastifyInstance) => {
    app.setErrorHandler((error, request, reply) => {
      const problem = problemOf(error, request)
      if (problem.status >= 500 && !(error instanceof Refusal)) request.log.error({ err: error }, 'request failed')
      return sendProblem(reply, problem)
    })
  },
  { name: 'problems' },
)

/** The answer for a path that is nobody's. */
export const notFound = (request: FastifyRequest): Problem => ({
  type: 'about:blank',
  title: titleOf(404),
  status: 404,
  code: 'NOT_FOUND',
  detail: `Nothing answers ${request.method} here`,
  instance: request.url.split('?', 1)[0] ?? '',
  requestId: String(request.id),
  retry: 'never',
})
