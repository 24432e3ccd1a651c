import type { Device, Location, Observation, Patient } from '@medplum/fhirtypes'
import type { LiveServices } from '../live/routes/services.ts'
import type { SearchParameters, SearchRequest } from './search-request.ts'

export type Served = Patient | Location | Device | Observation
export type ServedType = Served['resourceType']

export interface FhirServices extends Pick<LiveServices, 'database' | 'timeline'> {
  /** IANA name: a date without a zone is meant in it. */
  timeZone: string
}

export interface Found {
  resources: Served[]
  /** How many match over all pages, where known. */
  total?: number
  /** `_page` of the next page; left out on the last. */
  next?: string
}

/** One row of what the FHIR face serves: its routes and the CapabilityStatement are both made from it. */
export interface ServedResource {
  type: ServedType
  says: string
  profile?: string
  parameters: SearchParameters
  sorts: readonly string[]
  /** Undefined: there is none of this id. */
  read(services: FhirServices, id: string): Promise<Served | undefined>
  search(services: FhirServices, request: SearchRequest): Promise<Found>
}
