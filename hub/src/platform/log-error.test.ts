import { DrizzleQueryError } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { errorForLog } from './log-error.ts'

test('an error in the log names its kind and place, and no patient', () => {
  const cause = Object.assign(new Error('duplicate key value violates unique constraint "patient_identifier_key"'), {
    code: '23505',
    detail: 'Key (authority, value)=(HOSP, P-1001) already exists.',
    client: { connectionParameters: { password: 'secret' } },
  })
  const said = errorForLog(new DrizzleQueryError('insert into patient_identifier', ['HOSP', 'P-1001'], cause))
  expect(said).toMatchObject({ message: 'a query failed', cause: { code: '23505', message: cause.message } })
  expect(said.stack).toContain('log-error.test.ts')
  const line = JSON.stringify(said)
  for (const word of ['P-1001', 'secret', 'HOSP']) expect(line).not.toContain(word)
  expect(errorForLog('gone')).toEqual({ type: 'string', message: 'gone' })
})
