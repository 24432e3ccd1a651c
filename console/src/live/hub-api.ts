import type { paths } from '../contract/hub.d.ts'

type Ok<Path extends keyof paths, Verb extends 'get' | 'post'> = paths[Path] extends {
  [V in Verb]: { responses: infer Responses }
}
  ? Responses extends { 200: { content: { 'application/json': infer Body } } }
    ? Body
    : Responses extends { 202: { content: { 'application/json': infer Body } } }
      ? Body
      : never
  : never

export type Letter = Ok<'/dead-letters/{id}', 'get'>
export type LetterList = Ok<'/dead-letters', 'get'>
export type TrendSteps = Ok<'/trend', 'get'>['steps']

/** The hub said no, in its own words (RFC 9457 problem details), or could not be reached. */
export class HubProblem extends Error {
  readonly status: number
  constructor(status: number, says: string) {
    super(says)
    this.status = status
  }
}

async function ask<Body>(path: string, init?: RequestInit): Promise<Body> {
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: { accept: 'application/json, application/problem+json' } })
  } catch {
    throw new HubProblem(0, 'the hub cannot be reached')
  }
  const body = await response.json().catch(() => null)
  if (!response.ok)
    throw new HubProblem(response.status, body?.detail ?? body?.title ?? `${response.status} ${response.statusText}`)
  return body as Body
}

const id = encodeURIComponent

/** The hub's HTTP door, as far as the console uses it. Each throws {@link HubProblem}. */
export const hubApi = {
  letter: (letter: string) => ask<Letter>(`/dead-letters/${id(letter)}`),
  redrive: (letter: string) =>
    ask<Ok<'/dead-letters/{id}/redrive', 'post'>>(`/dead-letters/${id(letter)}/redrive`, { method: 'POST' }),
  discard: (letter: string) =>
    ask<Ok<'/dead-letters/{id}/discard', 'post'>>(`/dead-letters/${id(letter)}/discard`, { method: 'POST' }),
  /** Minimum, maximum and mean in even steps; steps without values are left out. Instants and the step in ms. */
  trend: async (of: { device: string; path: string; from: number; to: number; stepMs: number }): Promise<TrendSteps> => {
    const query = new URLSearchParams(Object.entries(of).map(([key, value]) => [key, String(value)]))
    return (await ask<Ok<'/trend', 'get'>>(`/trend?${query}`)).steps
  },
}
