/** What a site may set of ingest. All are [DEF]: product defaults. */
export interface IngestSettings {
  /** A hub that says nothing for so long loses its gateways to another; it renews three times in that time. */
  leaseMs: number
  /** How long a disputed reading waits for a nurse (domain page "Bedside monitoring", section 4: 15 min). */
  holdMs: number
  /** How often held readings are looked through for those whose time is over. */
  expireEveryMs: number
  /** Bytes of one stream of one spool that wait for the database. More than a gateway's window, so that it is met only by one that has none. */
  streamLimitBytes: number
  /** Records of one transaction. */
  atOnce: number
  /** A longer MQTT payload is not even read. */
  mostPayloadBytes: number
  /** Unreadable payloads kept as dead letters for each gateway and kind of topic in a minute; more are counted. */
  lettersPerMinute: number
  /** Spools of one gateway at a time: more are not a changed disk but a fault. */
  spoolsPerGateway: number
}

export const ingestDefaults: IngestSettings = {
  leaseMs: 6_000,
  holdMs: 15 * 60_000,
  expireEveryMs: 10_000,
  streamLimitBytes: 32 * 1024 * 1024,
  atOnce: 5_000,
  mostPayloadBytes: 16 * 1024 * 1024,
  lettersPerMinute: 10,
  spoolsPerGateway: 64,
}
