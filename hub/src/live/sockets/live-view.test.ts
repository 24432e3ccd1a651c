import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ward } from '../views/a-ward.ts'
import { bedItemIds, buildBed, itemOfDevice } from '../views/critical-care.ts'
import { buildFeed, feedItemIds } from '../views/feeds.ts'
import { merge } from '../views/merge-patch.ts'
import { type Change, LiveView } from './live-view.ts'

const devices = ['M1', 'M2', 'M3'] as const
const beds = ['ICU^1^1^H', 'ICU^2^1^H'] as const
const aDevice = fc.constantFrom(...devices)

/** What a ward's day may bring, in any order. */
const anEvent = fc.oneof(
  fc.record({
    what: fc.constant('says' as const),
    device: aDevice,
    hr: fc.integer({ min: 0, max: 300 }),
    quality: fc.constantFrom(undefined, 'NAV', 'QUES', 'TEST', 'implausible'),
  }),
  fc.record({
    what: fc.constant('alarm' as const),
    device: aDevice,
    key: fc.constantFrom('a', 'b'),
    state: fc.constantFrom('active', 'latched', 'inactive'),
  }),
  fc.record({ what: fc.constant('placed' as const), device: aDevice, bed: fc.constantFrom(undefined, ...beds) }),
  fc.record({
    what: fc.constant('occupied' as const),
    bed: fc.constantFrom(...beds),
    family: fc.constantFrom(undefined, 'Berg', 'Thal'),
  }),
  fc.record({ what: fc.constant('gateway' as const), state: fc.constantFrom('online', 'offline') }),
  fc.record({
    what: fc.constant('letter' as const),
    id: fc.constantFrom('l1', 'l2'),
    state: fc.constantFrom('waiting', 'redriven'),
  }),
  fc.record({ what: fc.constant('passes' as const), ms: fc.constantFrom(100, 1000, 31_000, 130_000, 3_700_000) }),
)
type Event = typeof anEvent extends fc.Arbitrary<infer E> ? E : never

function happens(ward: Ward, event: Event): void {
  const now = ward.clock.at
  switch (event.what) {
    case 'says':
      ward.says({ hr: { value: event.hr, ...(event.quality && { quality: event.quality as 'NAV' }) } }, { device: event.device })
      return
    case 'alarm':
      ward.alarms({ device: event.device, key: `${event.device}/${event.key}`, state: event.state as 'active' })
      return
    case 'placed':
      ward.live.placed(event.device, event.bed)
      return
    case 'occupied':
      ward.live.bed(
        event.bed,
        { pointOfCare: 'ICU' },
        event.family ? { patient: 'p', family: event.family, birthDate: '1960' } : undefined,
      )
      return
    case 'gateway':
      ward.live.gatewayStatus({ v: 1, gateway: 'gw1', state: event.state as 'online', session: 's', at: now, version: '1' })
      return
    case 'letter':
      ward.live.letter({
        id: event.id,
        gateway: 'gw1',
        door: 'mllp',
        code: 'X',
        says: 'x',
        bytes: 1,
        receivedAt: now,
        state: event.state as 'waiting',
      })
      return
    case 'passes':
      ward.after(event.ms).live.tidy()
  }
}

/** A client: what it makes of a snapshot and the patches after it. */
class Client {
  readonly items: Map<string, unknown>
  constructor(snapshot: Iterable<[string, unknown]>) {
    this.items = new Map(JSON.parse(JSON.stringify([...snapshot])))
  }
  takes(change: Change | undefined): void {
    if (!change) return
    const { set, gone } = JSON.parse(JSON.stringify({ set: change.set, gone: change.gone })) as Pick<Change, 'set' | 'gone'>
    for (const [id, patch] of Object.entries(set)) this.items.set(id, merge(this.items.get(id), patch))
    for (const id of gone) this.items.delete(id)
  }
}

const views = {
  'critical-care': { ids: bedItemIds, build: buildBed },
  feeds: { ids: feedItemIds, build: buildFeed },
} as const

test.each(Object.entries(views))('%s: snapshot and patches together are always what is built anew', (_, { ids, build }) => {
  fc.assert(
    fc.property(fc.array(anEvent, { maxLength: 60 }), fc.integer({ min: 0, max: 59 }), (events, joinsAt) => {
      const ward = new Ward()
      const { live } = ward
      const view = new LiveView({ ids: () => ids(live), build: (id, now) => build(live, id, now) }, 1)
      live.watch({
        device: (device) => view.mark(itemOfDevice(device)),
        alarm: (device) => {
          const change = view.flush([itemOfDevice(device)], ward.clock.at)
          for (const client of clients) client.takes(change)
        },
      })
      const clients: Client[] = []
      view.open(ward.clock.at)
      for (const [i, event] of events.entries()) {
        if (i === joinsAt) clients.push(new Client(view.items))
        happens(ward, event)
        if (i % 3 === 0) {
          const change = view.tick(ward.clock.at)
          for (const client of clients) client.takes(change)
        }
      }
      const last = view.tick(ward.clock.at)
      for (const client of clients) client.takes(last)
      const built = new Map<string, unknown>()
      for (const id of ids(live)) {
        const item = build(live, id, ward.clock.at)
        if (item) built.set(id, JSON.parse(JSON.stringify(item)))
      }
      expect(new Map(JSON.parse(JSON.stringify([...view.items])))).toEqual(built)
      for (const client of clients) expect(client.items).toEqual(built)
      live.close()
    }),
    { numRuns: 300 },
  )
})

test('a view that nobody looks at holds nothing and builds nothing', () => {
  const ward = new Ward().says({ hr: 72 })
  let builds = 0
  const view = new LiveView(
    {
      ids: () => bedItemIds(ward.live),
      build: (id, now) => {
        builds++
        return buildBed(ward.live, id, now)
      },
    },
    1,
  )
  view.mark('x')
  expect(view.tick(0)).toBeUndefined()
  expect(builds).toBe(0)
  view.open(ward.clock.at)
  expect(view.items.size).toBe(1)
  view.close()
  expect(view.items.size).toBe(0)
})

test('a change is told once, and nothing when nothing changed', () => {
  const ward = new Ward().says({ hr: 72 })
  const view = new LiveView({ ids: () => bedItemIds(ward.live), build: (id, now) => buildBed(ward.live, id, now) }, 1)
  view.open(ward.clock.at)
  expect(view.tick(ward.clock.at)).toBeUndefined()
  ward.after(100).says({ hr: 73 })
  expect(Object.values(view.tick(ward.clock.at)!.set)).toEqual([
    {
      metrics: { hr: { value: 73, at: ward.clock.at, receivedAt: ward.clock.at } },
      device: { lastSeenAt: ward.clock.at },
      asOf: ward.clock.at,
    },
  ])
  expect(view.tick(ward.clock.at)).toBeUndefined()
})
