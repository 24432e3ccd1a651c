import type { CapabilityStatement } from '@medplum/fhirtypes'
import type { Site } from '../platform/http/health.ts'
import type { ServedResource } from './resource.ts'

/** [STD FHIR R4] */
export const FHIR_VERSION = '4.0.1'

/** What this face can do, from the same table that its routes are made of. `date`: when the hub started with it. */
export function capabilityOf(
  resources: readonly ServedResource[],
  { site, base, date }: { site: Site; base: string; date: Date },
): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: date.toISOString(),
    kind: 'instance',
    software: { name: 'Wardline', version: site.version },
    implementation: { description: site.name, url: base },
    fhirVersion: FHIR_VERSION,
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Read and search. Unknown parameters are left out of the search and of its self link, or refused with Prefer: handling=strict. ' +
          'A date without a zone is meant in the time zone of the site.',
        resource: resources.map(({ type, says, profile, parameters }) => ({
          type,
          documentation: says,
          ...(profile !== undefined && { profile }),
          interaction: [{ code: 'read' as const }, { code: 'search-type' as const }],
          versioning: 'no-version' as const,
          conditionalRead: 'not-match' as const,
          searchParam: Object.entries(parameters).map(([name, parameter]) => ({
            name,
            type: parameter.type,
            documentation: [
              parameter.says,
              parameter.modifiers?.length ? `Modifiers: ${parameter.modifiers.join(', ')}.` : '',
              parameter.chains?.length ? `Chains: ${parameter.chains.map((chain) => `${name}.${chain}`).join(', ')}.` : '',
            ]
              .filter(Boolean)
              .join('. ')
              .replaceAll('..', '.'),
          })),
        })),
      },
    ],
  }
}
