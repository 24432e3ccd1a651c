/** The pipelines of one gateway while this hub holds it: one for each stream of each spool, made when first heard. */
import type { Batch, Commit } from '@wardline/devices/messages/envelopes.ts'
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import type pg from 'pg'
import type { Lease } from './leases.ts'
import { createStreamPipeline, type PipelineOptions, type StreamPipeline } from './stream-pipeline.ts'
import type { Source, StreamWork } from './stream-work.ts'

type Stand = Record<StreamName, number>

export interface GatewayStreams {
  readonly lease: Lease
  /** False: it has too many spools to be true. */
  take(batch: Batch, topic: string, bytes: number): boolean
  pipeline(spool: string, stream: StreamName, topic: string): StreamPipeline | undefined
  stand(spool: string): Commit['committed']
  spools(): string[]
  pipelines(): { spool: string; pipeline: StreamPipeline }[]
  stop(): Promise<void>
}

export interface GatewayStreamsOptions {
  lease: Lease
  pool: pg.Pool
  works: Record<StreamName, StreamWork<unknown>>
  mostSpools: number
  of(
    source: Source,
    work: StreamWork<unknown>,
    topic: string,
  ): Omit<PipelineOptions<unknown>, 'source' | 'work' | 'topic' | 'committed'>
}

const nothing = (): Stand => Object.fromEntries(streamNames.map((name) => [name, 0])) as Stand

/** Reads how far each spool of the gateway is stored. Rejects when the database is away. */
export async function openGatewayStreams({ lease, pool, works, mostSpools, of }: GatewayStreamsOptions): Promise<GatewayStreams> {
  const { rows } = await pool.query<{ spool: string; stream: StreamName; committed: string }>(
    'select spool, stream, committed from gateway_stream where gateway = $1 order by updated_at',
    [lease.gateway],
  )
  const stored = new Map<string, Stand>()
  for (const { spool, stream, committed } of rows) {
    const stand = stored.get(spool) ?? nothing()
    stand[stream] = Number(committed)
    stored.set(spool, stand)
  }
  const pipelines = new Map<string, { spool: string; pipeline: StreamPipeline }>()
  const heard = new Set<string>()

  function pipeline(spool: string, stream: StreamName, topic: string): StreamPipeline | undefined {
    const key = `${spool}/${stream}`
    const known = pipelines.get(key)
    if (known) return known.pipeline
    if (!heard.has(spool) && heard.size >= mostSpools) return undefined
    heard.add(spool)
    const source = { gateway: lease.gateway, spool }
    const work = works[stream]
    const made = createStreamPipeline({
      source,
      work,
      topic,
      committed: stored.get(spool)?.[stream] ?? 0,
      ...of(source, work, topic),
    })
    pipelines.set(key, { spool, pipeline: made })
    return made
  }

  return {
    lease,
    pipeline,
    take(batch, topic, bytes) {
      const into = pipeline(batch.spool, batch.stream, topic)
      into?.take(batch, bytes)
      return into !== undefined
    },
    stand(spool) {
      const stand = { ...(stored.get(spool) ?? nothing()) }
      for (const name of streamNames) stand[name] = pipelines.get(`${spool}/${name}`)?.pipeline.committed ?? stand[name]
      return stand
    },
    spools: () => [...new Set([...stored.keys(), ...heard])],
    pipelines: () => [...pipelines.values()],
    async stop() {
      await Promise.all([...pipelines.values()].map(({ pipeline }) => pipeline.stop()))
    },
  }
}
