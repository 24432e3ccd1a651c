/** Imports go one way (docs/architecture.md, "Rooms"). */
const only = (room, may) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${may.length ? may.join(', ') : 'no other room'}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: '^(devices|edge-gateway|hub|console|models|simulators|test)/', pathNot: `^(${[room, ...may].join('|')})/` },
})
module.exports = {
  forbidden: [
    only('devices', []),
    only('models', ['devices']),
    only('edge-gateway', ['devices']),
    only('simulators', ['devices']),
    only('hub', ['devices', 'models']),
    only('console', []),
    {
      name: 'no-circular',
      severity: 'error',
      from: { path: '^(devices|edge-gateway|hub|console|models|simulators)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nobody-imports-test', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    {
      name: 'hub-rules-are-pure',
      comment: 'model.ts files hold rules: no database, no network, no clock',
      severity: 'error',
      from: { path: '^hub/src/.*/model\\.ts$' },
      to: { path: '^(hub/src/platform/(database|redis|broker|timeline)|node:)' },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: { pathNot: '^console/' },
      to: { couldNotResolve: true, pathNot: '^@medplum/fhirtypes$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(node_modules|/dist/)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
