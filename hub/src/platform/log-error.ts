interface LoggedError {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: LoggedError
}

/**
 * An error as the log may have it. Errors of database clients carry the query, its values, the row in question (`detail`) and the whole
 * connection: patients' data, and ten kilobytes a line. Only what kind, where from and the message of the innermost cause is kept.
 */
export function errorForLog(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { cause } = error
  const { code } = error as { code?: unknown }
  // drizzle's message is the query with its values.
  const message = 'query' in error && 'params' in error ? 'a query failed' : error.message
  const frames = error.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')
  return {
    type: error.name,
    message,
    ...(code !== undefined && { code: String(code) }),
    ...(frames && { stack: frames }),
    ...(cause instanceof Error && { cause: errorForLog(cause) }),
  }
}
