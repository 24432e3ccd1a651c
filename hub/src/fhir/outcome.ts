import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes'
import type { Problem } from '../platform/http/problems.ts'

type IssueCode = OperationOutcomeIssue['code']

/** A refusal in FHIR's words: HTTP status, issue type [STD FHIR R4 issue-type] and a sentence without a patient's data. */
export class FhirError extends Error {
  readonly status: number
  readonly issue: IssueCode
  /** What in the request it is about, for example `date`. */
  readonly about: string | undefined
  constructor(status: number, issue: IssueCode, says: string, about?: string) {
    super(says)
    this.name = 'FhirError'
    this.status = status
    this.issue = issue
    this.about = about
  }
}

export const outcomeOf = ({ issue, message, about }: FhirError): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [
    { severity: 'error', code: issue, diagnostics: message, ...(about !== undefined && { expression: [`http.${about}`] }) },
  ],
})

const issueOf: Record<number, IssueCode> = {
  404: 'not-found',
  406: 'not-supported',
  413: 'too-long',
  415: 'not-supported',
  429: 'throttled',
  503: 'transient',
}

/** The problem of any other door as an OperationOutcome. */
export const outcomeOfProblem = ({ status, code, detail, title, requestId }: Problem): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: status >= 500 && status !== 503 ? 'fatal' : 'error',
      code: issueOf[status] ?? (status >= 500 ? 'exception' : 'invalid'),
      details: { text: code },
      diagnostics: `${detail ?? title} (request ${requestId})`,
    },
  ],
})
