import about from '../package.json' with { type: 'json' }

/** Of the hub, as released. */
export const version: string = about.version
