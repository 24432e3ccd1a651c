import { setTimeout as sleep } from 'node:timers/promises'
import { MESSAGE_VERSION } from '@wardline/devices/messages/envelopes.ts'
import { topics } from '@wardline/devices/topics.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aHouse,
  anAdt,
  anAlarm,
  anObservation,
  eventually,
  type Gateway,
  type House,
  type Hub,
  mrn,
  place,
  SITE,
  standOf,
} from './a-house.ts'

let house: House
let hub: Hub
let gateway: Gateway
beforeAll(async () => {
  house = await aHouse(['gw1', 'gw2'])
  hub = await house.hub({ settings: { expireEveryMs: 100, lettersPerMinute: 3 } })
  gateway = await house.gateway()
})
afterAll(() => house?.end())

const one = async <Row>(sql: string, ...values: unknown[]) => (await house.database.pool.query(sql, values)).rows[0] as Row
const readingsOf = (device: string) => house.timeline.readings({ device, order: 'oldest', limit: 1000 })

describe('readings', () => {
  test('are live at once, in history once, and their number is answered', async () => {
    await gateway.send(
      'readings',
      anObservation('D1', { at: Date.now() - 1000, hr: 70 }),
      anObservation('D1', { hr: 71, location: place('ICU^1^A') }),
    )
    expect((await readingsOf('D1')).map(({ value }) => value)).toEqual([70, 71])
    expect(hub.live.of('readings').filter(([said]) => said.device === 'D1')).toHaveLength(2)
    expect(hub.live.of('placed')).toContainEqual(['D1', 'ICU^1^A^'])
    await eventually(() => expect(hub.live.of('bed')).toContainEqual(['ICU^1^A^', place('ICU^1^A'), undefined]))
    expect(gateway.commits.at(-1)).toMatchObject({
      v: MESSAGE_VERSION,
      spool: gateway.spool,
      committed: { readings: 2, alarms: 0, adt: 0, refusals: 0, waves: 0 },
    })
  })

  test('monitoring 15: TEST is kept raw, not charted, not shown', async () => {
    await gateway.send(
      'readings',
      anObservation('D2', { flags: ['test'], hr: 20 }),
      anObservation('D2', {
        frames: [
          {
            at: Date.now(),
            metrics: [
              { path: '1', code: 1, value: 20, quality: 'TEST' },
              { path: '2', code: 2, value: 60 },
            ],
          },
        ],
      }),
    )
    expect((await readingsOf('D2')).map(({ path, value }) => [path, value])).toEqual([['2', 60]])
    expect(await one('select count(*)::int as n from unmapped_row where device_id = $1 and reason = $2', 'D2', 'TEST')).toEqual({
      n: 2,
    })
    expect(hub.live.of('readings').filter(([said]) => said.device === 'D2')).toHaveLength(1)
  })

  test('from the future are quarantined: not charted, not shown, not even when their time is over', async () => {
    await gateway.send('readings', anObservation('D3', { flags: ['from_future'], at: Date.now() + 600_000 }))
    expect(await readingsOf('D3')).toEqual([])
    expect(hub.live.of('readings').some(([said]) => said.device === 'D3')).toBe(false)
    expect(await one(`select reason, state from held_reading where device_id = 'D3'`)).toEqual({
      reason: 'future',
      state: 'held',
    })
    await house.database.pool.query(`update held_reading set held_until = now() where device_id = 'D3'`)
    await eventually(async () =>
      expect(await one(`select state from held_reading where device_id = 'D3'`)).toEqual({ state: 'expired' }),
    )
    expect(await readingsOf('D3')).toEqual([])
  })

  test('rows that mean nothing here are kept', async () => {
    await gateway.send(
      'readings',
      anObservation('D4', { frames: [], unmapped: [{ reason: 'UNMAPPED_CODE', row: 'OBX|1|NM|9^X^L||1' }] }),
    )
    expect(await one(`select reason, row from unmapped_row where device_id = 'D4'`)).toEqual({
      reason: 'UNMAPPED_CODE',
      row: 'OBX|1|NM|9^X^L||1',
    })
  })

  test('measured more than a minute before they came are late', async () => {
    await gateway.send(
      'readings',
      anObservation('D5', { at: Date.now() - 61_000 }),
      anObservation('D5', { at: Date.now() - 50_000 }),
    )
    expect((await readingsOf('D5')).map(({ late }) => late ?? false)).toEqual([true, false])
  })

  test('monitoring 10: the same MSH-10 from another sender is another message', async () => {
    const at = Date.now()
    await gateway.send(
      'readings',
      anObservation('D6', { id: 'SAME', sender: 'A', at }),
      anObservation('D6', { id: 'SAME', sender: 'B', at: at + 1 }),
    )
    expect(await readingsOf('D6')).toHaveLength(2)
  })
})

describe('numbers', () => {
  test('a gap is answered with resend, an overlap is skipped, what was dropped is counted', async () => {
    const other = await house.gateway('gw2')
    const at = Date.now()
    const records = Array.from({ length: 6 }, (_, i) => anObservation('N1', { at: at + i, hr: i }))
    await other.batch('readings', 1, records.slice(0, 2))
    await other.committed('readings', 2)
    await other.batch('readings', 4, records.slice(3))
    await eventually(() => expect(other.commits.at(-1)).toMatchObject({ resend: true, committed: { readings: 2 } }))
    await other.batch('readings', 2, records.slice(1, 4))
    await other.committed('readings', 4)
    await other.batch('readings', 6, records.slice(5), { dropped: { from: 5, reason: 'spool_full' } })
    await other.committed('readings', 6)
    expect((await readingsOf('N1')).map(({ value }) => value)).toEqual([0, 1, 2, 3, 5])
    expect(await one('select committed::int, lost::int from gateway_stream where spool = $1', other.spool)).toEqual({
      committed: 6,
      lost: 1,
    })
    await other.close()
  })

  test('health is answered with where the spool stands, also one never heard of', async () => {
    const other = await house.gateway('gw2')
    const health = {
      v: MESSAGE_VERSION,
      gateway: 'gw2',
      spool: other.spool,
      session: 's',
      at: Date.now(),
      spoolBytes: 0,
      spoolLimitBytes: 1,
      connections: 0,
      accepted: 0,
      refused: 0,
      duplicates: 0,
      senders: [],
      streams: Object.fromEntries(
        ['alarms', 'adt', 'readings', 'refusals', 'waves'].map((s) => [
          s,
          { first: 1, last: 0, committed: 0, bytes: 0, dropped: 0 },
        ]),
      ),
    }
    await other.mqtt.publish(topics.health.at({ site: SITE, gateway: 'gw2' }), JSON.stringify(health), { qos: 0 })
    await eventually(() =>
      expect(other.commits.at(-1)).toMatchObject({ spool: other.spool, committed: { readings: 0, alarms: 0 } }),
    )
    expect(hub.live.of('gatewayHealth')).toContainEqual([health])
    await other.close()
  })
})

describe('what cannot be taken', () => {
  test('one bad record becomes a dead letter, the rest is stored', async () => {
    const at = Date.now()
    const bad = { ...anObservation('B1'), frames: 'none' }
    await gateway.send('readings', anObservation('B1', { at, hr: 1 }), bad as never, anObservation('B1', { at: at + 1, hr: 2 }))
    expect((await readingsOf('B1')).map(({ value }) => value)).toEqual([1, 2])
    const letter = await one<{ id: string; code: string; says: string }>(
      'select id, code, says from dead_letter where message_id = $1',
      bad.id,
    )
    expect(letter).toMatchObject({ code: 'BAD_RECORD', says: expect.stringContaining('/frames') })
    expect(hub.live.of('letter').map(([said]) => said.id)).toContain(letter.id)
  })

  test('a record that only the database refuses does not block its stream', async () => {
    const good = anAlarm('B2', { alarmId: 'ok' })
    const poison = anAlarm('B2', { alarmId: 'nul\u0000byte' })
    const after = anAlarm('B2', { alarmId: 'ok2' })
    await gateway.send('alarms', good, poison, after)
    const { rows } = await house.database.pool.query(`select alarm_id from device_alarm where device_id = 'B2' order by alarm_id`)
    expect(rows).toEqual([{ alarm_id: 'ok' }, { alarm_id: 'ok2' }])
    expect(await one('select code, door from dead_letter where message_id = $1', poison.id)).toEqual({
      code: 'SQLSTATE_22021',
      door: 'record',
    })
  })

  test.each([
    ['NOT_JSON', 'gw1', 'readings', 'not { json'],
    ['VERSION_UNKNOWN', 'gw1', 'alarms', JSON.stringify({ v: 7 })],
    ['BAD_ENVELOPE', 'gw1', 'adt', JSON.stringify({ v: 1, gateway: 'gw1', records: 5 })],
    ['BAD_ENVELOPE', 'gw1', 'refusals', '[]'],
    [
      'GATEWAY_MISMATCH',
      'gw1',
      'waves',
      JSON.stringify({ v: 1, gateway: 'gw2', spool: 's', stream: 'waves', first: 1, sentAt: 1, records: [] }),
    ],
    ['STREAM_UNKNOWN', 'gw1', 'gossip', '{}'],
    ['GATEWAY_UNKNOWN', 'nobody', 'readings', '{}'],
  ])('%s from %s on %s is a dead letter', async (code, id, stream, payload) => {
    const topic = topics.stream.at({ site: SITE, gateway: id, stream })
    await hub.mqtt.publish(topic, payload, { qos: 1 })
    await eventually(async () =>
      expect(await one('select code, door, gateway from dead_letter where topic = $1 and code = $2', topic, code)).toEqual({
        code,
        door: 'mqtt',
        gateway: id,
      }),
    )
    if (code === 'GATEWAY_UNKNOWN') expect(hub.live.of('gatewayUnknown').map(([gateway]) => gateway)).toContain('nobody')
  })

  test('a flood of rubbish is counted and fills no table', async () => {
    const topic = topics.now.at({ site: SITE, gateway: 'gw2' })
    const before = hub.ingest.stats().unreadable
    await Promise.all(Array.from({ length: 200 }, (_, i) => hub.mqtt.publish(topic, `rubbish ${i}`, { qos: 1 })))
    await eventually(() => {
      const { kept, counted } = hub.ingest.stats().unreadable
      expect(kept + counted - before.kept - before.counted).toBe(200)
    })
    // The minute may turn once in between.
    const { n } = await one<{ n: number }>('select count(*)::int as n from dead_letter where topic = $1', topic)
    expect(n).toBeGreaterThan(0)
    expect(n).toBeLessThanOrEqual(6)
  })
})

describe('dead letters', () => {
  test('a refusal of a gateway can be sent back to it, once it is whole', async () => {
    const raw = Buffer.from('MSH|^~\\&|X')
    const refusal = {
      kind: 'refusal',
      id: 'R1',
      receivedAt: Date.now(),
      door: 'mllp',
      peer: '10.0.0.7:5',
      code: 'UNSUPPORTED_MESSAGE',
      says: 'no',
      answered: 'AR',
      bytes: raw.length,
      raw: raw.toString('base64'),
    } as const
    await gateway.send('refusals', refusal, { ...refusal, id: 'R2', code: 'TOO_LARGE', bytes: 99_999 })
    const letters = await hub.ingest.letters.list({ gateway: 'gw1', limit: 50 })
    const whole = letters.find(({ code }) => code === 'UNSUPPORTED_MESSAGE')!
    const cut = letters.find(({ code, door }) => code === 'TOO_LARGE' && door === 'mllp')!
    expect(await hub.ingest.letters.redrive(whole.id, 'anna')).toBe('done')
    await eventually(() => expect(gateway.redrives).toEqual([{ v: 1, id: whole.id, raw: refusal.raw }]))
    expect(await hub.ingest.letters.get(whole.id)).toMatchObject({ state: 'redriven', redrives: 1 })
    await expect(hub.ingest.letters.redrive(cut.id, 'anna')).rejects.toMatchObject({ code: 'LETTER_CUT', status: 409 })
    expect(await hub.ingest.letters.discard(cut.id, 'anna')).toBe('done')
    expect(await hub.ingest.letters.redrive(cut.id, 'anna')).toBe('closed')
    expect(await hub.ingest.letters.redrive('00000000-0000-0000-0000-000000000000', 'anna')).toBe('unknown')
    expect(hub.live.of('letter').at(-1)).toMatchObject([{ id: cut.id, state: 'discarded' }])
  })

  test('a record that was put aside is taken in here once it can be, and stays when it is as bad as before', async () => {
    const bad = { ...anObservation('L1'), device: 5 }
    await gateway.send('readings', bad as never)
    const { id } = await one<{ id: string }>('select id from dead_letter where message_id = $1', bad.id)
    await expect(hub.ingest.letters.redrive(id, 'anna')).rejects.toMatchObject({ code: 'LETTER_BAD_STILL' })
    expect(await hub.ingest.letters.get(id)).toMatchObject({ state: 'waiting', redrives: 1 })
    // As when a new version of the hub understands it.
    const good = Buffer.from(JSON.stringify({ ...bad, device: 'L1' }))
    await house.database.pool.query('update dead_letter set raw = $2, bytes = $3 where id = $1', [
      id,
      good.toString('base64'),
      good.length,
    ])
    expect(await hub.ingest.letters.redrive(id, 'anna')).toBe('done')
    expect(await readingsOf('L1')).toHaveLength(1)
    expect(await hub.ingest.letters.get(id)).toMatchObject({ state: 'resolved' })
  })
})

describe('association', () => {
  test('monitoring 11: another PID-3 is held, and charted to that patient when a nurse confirms', async () => {
    const at = Date.now() - 5000
    await gateway.send('readings', anObservation('C1', { patient: mrn('P-1001'), at, hr: 1 }))
    await gateway.send(
      'readings',
      anObservation('C1', { patient: mrn('P-2002'), at: at + 1000, hr: 2 }),
      anObservation('C1', { at: at + 2000, hr: 3 }),
    )
    expect((await readingsOf('C1')).map(({ value }) => value)).toEqual([1])
    expect(hub.live.of('conflict')).toContainEqual(['C1', { patient: 'HOSP|P-2002', since: at + 1000 }])
    expect(await hub.ingest.associations.confirmAssociation('C1', 'nobody|P-9', 'anna')).toBe('unknown-patient')
    expect(await hub.ingest.associations.confirmAssociation('C1', 'HOSP|P-2002', 'anna')).toBe('done')
    const charted = await readingsOf('C1')
    expect(charted.map(({ value }) => value)).toEqual([1, 2, 3])
    const ids = await Promise.all(
      ['P-1001', 'P-2002'].map((value) =>
        one<{ patient_id: string }>('select patient_id from patient_identifier where value = $1', value),
      ),
    )
    expect(charted.map(({ patient }) => patient)).toEqual([ids[0]!.patient_id, ids[1]!.patient_id, ids[1]!.patient_id])
    expect(hub.live.of('conflict').at(-1)).toEqual(['C1', null])
    await gateway.send('readings', anObservation('C1', { patient: mrn('P-2002'), hr: 4 }))
    expect((await readingsOf('C1')).at(-1)).toMatchObject({ value: 4, patient: ids[1]!.patient_id })
    expect(await one(`select count(*)::int as n from held_reading where device_id = 'C1' and state = 'charted'`)).toEqual({
      n: 2,
    })
  })

  test('what nobody confirms goes to history without a patient', async () => {
    await gateway.send('readings', anObservation('C2', { patient: mrn('P-3001') }))
    await gateway.send('readings', anObservation('C2', { patient: mrn('P-3002'), hr: 99 }))
    await house.database.pool.query(`update held_reading set held_until = now() where device_id = 'C2'`)
    await eventually(async () => expect((await readingsOf('C2')).at(-1)?.value).toBe(99))
    expect((await readingsOf('C2')).at(-1)).not.toHaveProperty('patient')
    await eventually(() =>
      expect(
        hub.live
          .of('conflict')
          .filter(([device]) => device === 'C2')
          .at(-1),
      ).toEqual(['C2', null]),
    )
  })

  test('without PID-3 the bed speaks: admission, transfer, and late readings go where they belong', async () => {
    const t0 = Date.now() - 60_000
    await gateway.send('adt', anAdt('A01', { patient: 'P-4001', bed: 'ICU^4^A', visit: 'V-4001', at: t0 }))
    await gateway.send('readings', anObservation('C3', { location: place('ICU^4^A'), at: t0 + 1000, hr: 1 }))
    const first = await one<{ patient_id: string; basis: string; encounter_id: string }>(
      `select * from device_association where device_id = 'C3'`,
    )
    expect(first).toMatchObject({ basis: 'bed', encounter_id: expect.any(String) })
    await gateway.send('adt', anAdt('A02', { patient: 'P-4001', bed: 'ICU^4^B', visit: 'V-4001', at: t0 + 10_000 }))
    await gateway.send('adt', anAdt('A01', { patient: 'P-4002', bed: 'ICU^4^A', visit: 'V-4002', at: t0 + 20_000 }))
    await gateway.send('readings', anObservation('C3', { location: place('ICU^4^A'), at: t0 + 30_000, hr: 2 }))
    await gateway.send(
      'readings',
      anObservation('C3', { location: place('ICU^4^A'), at: t0 + 5000, hr: 3 }),
      anObservation('C3', { location: place('ICU^4^A'), at: t0 + 15_000, hr: 4 }),
    )
    const second = await one<{ patient_id: string }>('select patient_id from patient_identifier where value = $1', 'P-4002')
    expect((await readingsOf('C3')).map(({ value, patient }) => [value, patient])).toEqual([
      [1, first.patient_id],
      [3, first.patient_id],
      // Between the two nobody lay there.
      [4, undefined],
      [2, second.patient_id],
    ])
  })

  test('a monitor that still names a patient who was discharged or moved charts nothing, and the next patient is not disputed', async () => {
    const at = Date.now() - 60_000
    const bed = { location: place('ICU^9^A') }
    await gateway.send('readings', anObservation('C6', { ...bed, patient: mrn('P-9001'), at: at - 1000, hr: 1 }))
    await gateway.send('adt', anAdt('A01', { patient: 'P-9001', bed: 'ICU^9^A', visit: 'V-9001', at: at - 500 }))
    await gateway.send('readings', anObservation('C6', { ...bed, patient: mrn('P-9001'), at, hr: 2 }))
    await gateway.send('adt', anAdt('A03', { patient: 'P-9001', visit: 'V-9001', at: at + 1000 }))
    await gateway.send('readings', anObservation('C6', { ...bed, patient: mrn('P-9001'), at: at + 2000, hr: 3 }))
    await gateway.send('adt', anAdt('A01', { patient: 'P-9002', bed: 'ICU^9^A', visit: 'V-9002', at: at + 3000 }))
    await gateway.send('readings', anObservation('C6', { ...bed, patient: mrn('P-9002'), at: at + 4000, hr: 4 }))
    await gateway.send('adt', anAdt('A02', { patient: 'P-9002', bed: 'ICU^9^B', visit: 'V-9002', at: at + 5000 }))
    await gateway.send('readings', anObservation('C6', { ...bed, patient: mrn('P-9002'), at: at + 6000, hr: 5 }))
    const charted = await readingsOf('C6')
    const named = await Promise.all(
      ['P-9001', 'P-9002'].map(
        async (value) =>
          (await one<{ patient_id: string }>('select patient_id from patient_identifier where value = $1', value)).patient_id,
      ),
    )
    expect(charted.map(({ patient }) => patient)).toEqual([named[0], named[0], undefined, named[1], undefined])
    // The stay became known while the device was on the patient already.
    expect(charted.map(({ encounter }) => encounter !== undefined)).toEqual([false, true, false, true, false])
    expect(hub.live.of('conflict').some(([device]) => device === 'C6')).toBe(false)
  })

  test('nothing resolves: an unassigned device, until an admission', async () => {
    await gateway.send('readings', anObservation('C4', { location: place('ICU^5^A') }), anObservation('C5'))
    const names = (await hub.ingest.associations.unassignedDevices()).map(({ device }) => device)
    expect(names).toEqual(expect.arrayContaining(['C4', 'C5']))
    await gateway.send('adt', anAdt('A01', { patient: 'P-5001', bed: 'ICU^5^A', visit: 'V-5001', at: Date.now() - 1000 }))
    await gateway.send('readings', anObservation('C4', { location: place('ICU^5^A') }))
    expect((await hub.ingest.associations.unassignedDevices()).map(({ device }) => device)).not.toContain('C4')
    expect(await hub.ingest.associations.endAssociation('C4', 'anna')).toBe(true)
    expect(await hub.ingest.associations.endAssociation('C4', 'anna')).toBe(false)
  })
})

describe('ADT', () => {
  test('the bed shows who lies in it, and nobody after the discharge; a repeated message changes nothing', async () => {
    const at = Date.now() - 10_000
    const admit = anAdt('A01', { patient: 'P-6001', family: 'Weber', bed: 'ICU^6^A', visit: 'V-6001', at })
    await gateway.send('adt', admit)
    await eventually(() => expect(hub.live.of('bed').at(-1)).toMatchObject(['ICU^6^A^', place('ICU^6^A'), { family: 'Weber' }]))
    await gateway.send('adt', anAdt('A03', { patient: 'P-6001', visit: 'V-6001', at: at + 5000 }))
    await eventually(() => expect(hub.live.of('bed').at(-1)).toEqual(['ICU^6^A^', place('ICU^6^A'), undefined]))
    await gateway.send('adt', { ...admit, receivedAt: Date.now() }, anAdt('A60', { patient: 'P-6001' }))
    const { rows } = await house.database.pool.query(
      `select event, outcome from adt_message where record->'patient'->'identifiers'->0->>'id' = 'P-6001' order by position`,
    )
    expect(rows).toEqual([
      { event: 'A01', outcome: 'applied' },
      { event: 'A03', outcome: 'applied' },
      { event: 'A01', outcome: 'not-applied' },
      { event: 'A60', outcome: 'not-applied' },
    ])
  })
})

describe('alarms', () => {
  test('are told at once and stored once: start, escalate, end; an older repetition raises nothing', async () => {
    const at = Date.now() - 3000
    const start = anAlarm('E1', { at })
    const [escalate, end] = [
      anAlarm('E1', { at: at + 1000, phase: 'escalate', priority: 'high' }),
      anAlarm('E1', { at: at + 2000, phase: 'end', state: 'inactive', priority: 'high' }),
    ]
    await gateway.send('alarms', start, escalate, end, { ...start }, anAlarm('E1', { at, phase: 'continue' }))
    expect(
      hub.live
        .of('alarm')
        .filter(([said]) => said.device === 'E1')
        .map(([{ alarm, since }]) => [alarm.phase, alarm.priority, since]),
    ).toEqual([
      ['start', 'medium', at],
      ['escalate', 'high', at],
      ['end', 'high', at],
    ])
    expect(
      await one(`select state, priority, started_at, ended_at, repeat_count from device_alarm where device_id = 'E1'`),
    ).toEqual({
      state: 'inactive',
      priority: 'high',
      started_at: new Date(at),
      ended_at: new Date(at + 2000),
      repeat_count: 0,
    })
    // The exact repetition is one event; the late heartbeat is kept, and changes nothing.
    expect(await one(`select count(*)::int as n from device_alarm_event where device_id = 'E1'`)).toEqual({ n: 4 })
  })

  test('codes of 32 bits without a sign are stored as they are', async () => {
    const [code, source] = [4_026_531_841, 4_294_967_295]
    await gateway.send('alarms', anAlarm('D-vendor', { alarmId: 'wide', code, source: { code: source } }))
    expect(await one(`select code::text, metric_code::text from device_alarm where device_id = 'D-vendor'`)).toEqual({
      code: String(code),
      metric_code: String(source),
    })
  })

  test('an alarm that comes more than a minute late says so', async () => {
    await gateway.send('alarms', anAlarm('E2', { at: Date.now() - 61_000 }))
    expect(hub.live.of('alarm').at(-1)).toMatchObject([{ device: 'E2', late: true }])
    expect(await one(`select late from device_alarm where device_id = 'E2'`)).toEqual({ late: true })
  })

  test('do not wait for readings that cannot be stored', async () => {
    const client = await house.database.pool.connect()
    await client.query('begin')
    await client.query('lock table frame in access exclusive mode')
    try {
      const position = await gateway.post('readings', anObservation('E3'))
      await gateway.send('alarms', anAlarm('E3', {}))
      expect(standOf(gateway, 'readings')).toBeLessThan(position)
      await client.query('rollback')
      await gateway.committed('readings', position)
    } finally {
      client.release(true)
    }
  })
})

test('waves are shown and kept, with the patient of their device', async () => {
  const start = Date.now()
  await gateway.send('readings', anObservation('W1', { patient: mrn('P-7001'), at: start - 1 }))
  await gateway.send('waves', {
    kind: 'wave',
    id: 'W',
    sender: 'MON',
    receivedAt: start,
    device: 'W1',
    patient: mrn('P-7001'),
    blocks: [{ path: '1.3.1.1', code: 131330, start, rateHz: 4, samples: [1, 2, null, 4] }],
  })
  const [wave] = await house.timeline.waves({ device: 'W1', from: start - 1000, to: start + 5000 })
  expect(wave).toMatchObject({ samples: [1, 2, null, 4], patient: expect.any(String) })
  expect(hub.live.of('wave').at(-1)).toMatchObject([{ device: 'W1', gateway: 'gw1' }])
})

test('now feeds the wall and no history', async () => {
  const now = {
    v: MESSAGE_VERSION,
    gateway: 'gw1',
    sentAt: Date.now(),
    devices: [{ device: 'NOW1', receivedAt: Date.now(), frames: anObservation('NOW1').frames }],
  }
  await gateway.mqtt.publish(topics.now.at({ site: SITE, gateway: 'gw1' }), JSON.stringify(now), { qos: 0 })
  await eventually(() => expect(hub.live.of('readings').some(([said]) => said.device === 'NOW1')).toBe(true))
  await sleep(50)
  expect(await readingsOf('NOW1')).toEqual([])
})

describe('where a device is', () => {
  const bedsOf = (device: string) => hub.live.of('placed').flatMap(([id, bed]) => (id === device ? [bed] : []))

  test('an alarm says it too: its sender may send nothing else; also after a restart', async () => {
    const alarm = anAlarm('Q1', { alarmId: 'only' }, { location: place('ICU^9^A') })
    await gateway.send('alarms', alarm)
    expect(bedsOf('Q1')).toEqual(['ICU^9^A^'])
    await hub.stop()
    hub = await house.hub({ settings: { expireEveryMs: 100, lettersPerMinute: 3 } })
    expect(bedsOf('Q1')).toEqual(['ICU^9^A^'])
  })

  test('wheeled to another bed: shown there at once, also while nothing can be stored, and no backlog wheels it back', async () => {
    const now = Date.now()
    await gateway.send('adt', anAdt('A01', { patient: 'P-9101', bed: 'ICU^9^B', visit: 'V-9101', at: now - 60_000 }))
    await gateway.send('readings', anObservation('Q2', { location: place('ICU^9^B') }))
    await eventually(() => expect(bedsOf('Q2')).toEqual(['ICU^9^B^']))
    const locker = await house.database.pool.connect()
    await locker.query('begin; lock table device_association in access exclusive mode')
    try {
      await gateway.post('readings', anObservation('Q2', { location: place('ICU^9^C') }))
      await eventually(() => expect(bedsOf('Q2')).toEqual(['ICU^9^B^', 'ICU^9^C^']), 2_000)
      await gateway.post('readings', anObservation('Q2', { location: place('ICU^9^B'), receivedAt: now - 30_000 }))
    } finally {
      await locker.query('rollback')
      locker.release()
    }
    await gateway.send('readings', anObservation('Q9'))
    await sleep(50)
    expect(bedsOf('Q2')).toEqual(['ICU^9^B^', 'ICU^9^C^'])
  })

  test('on a patient by PID-3 it stays with the patient; while that is disputed it stands where it says', async () => {
    await gateway.send('adt', anAdt('A01', { patient: 'P-9103', bed: 'ICU^9^D', visit: 'V-9103', at: Date.now() - 60_000 }))
    const says = (patient: string, bed: string) =>
      gateway.send('readings', anObservation('Q3', { patient: mrn(patient), location: place(bed) }))
    await says('P-9103', 'ICU^9^D')
    await says('P-9103', 'ICU^9^E')
    await eventually(() => expect(bedsOf('Q3')).toEqual(['ICU^9^D^']))
    await says('P-9104', 'ICU^9^E')
    await eventually(() => expect(bedsOf('Q3')).toEqual(['ICU^9^D^', 'ICU^9^E^']))
  })
})

test('a nurse names a record that was merged twice: the device is on the one that survived', async () => {
  for (const id of ['P-9301', 'P-9302', 'P-9303']) await gateway.send('adt', anAdt('A28', { patient: id }))
  const idOf = async (id: string) =>
    (await one<{ patient_id: string }>('select patient_id from patient_identifier where value = $1', id)).patient_id
  const first = await idOf('P-9301')
  await gateway.send('adt', anAdt('A40', { patient: 'P-9302', merged: [mrn('P-9301')] }))
  await gateway.send('adt', anAdt('A40', { patient: 'P-9303', merged: [mrn('P-9302')] }))
  await gateway.send('readings', anObservation('U1'))
  expect(await hub.ingest.associations.confirmAssociation('U1', first, 'nurse')).toBe('done')
  expect(await one('select patient_id from device_association where device_id = $1', 'U1')).toEqual({
    patient_id: await idOf('P-9303'),
  })
})

test('an alarm whose end a dead hub had stored and not told Redis leaves the wall; one that began again stays', async () => {
  const at = Date.now() - 5_000
  await gateway.send('alarms', anAlarm('R1', { alarmId: 'over', at }), anAlarm('R1', { alarmId: 'again', at }))
  await gateway.send('alarms', anAlarm('R1', { alarmId: 'over', phase: 'end', state: 'inactive', at: at + 1000 }))
  await hub.stop()
  const shown = ['over', 'again', 'unstored'].map((alarmId) => ({ device: 'R1', alarm: anAlarm('R1', { alarmId, at }).alarm }))
  hub = await house.hub({ settings: { expireEveryMs: 100, lettersPerMinute: 3 }, shown })
  const told = hub.live.of('alarm').flatMap(([{ device, alarm }]) => (device === 'R1' ? [alarm] : []))
  expect(told.map(({ alarmId, state }) => [alarmId, state])).toEqual([
    ['again', 'active'],
    ['over', 'inactive'],
  ])
  expect(told[1]!.at).toBe(at + 1000)
})

test('a hub that starts knows what the last one knew', async () => {
  await gateway.send(
    'adt',
    anAdt('A01', { patient: 'P-8001', family: 'Braun', bed: 'ICU^8^A', visit: 'V-8001', at: Date.now() - 1000 }),
  )
  await gateway.send('readings', anObservation('S1', { location: place('ICU^8^A'), hr: 88 }))
  await gateway.send(
    'alarms',
    anAlarm('S1', { alarmId: 'open' }),
    anAlarm('S1', { alarmId: 'over', phase: 'end', state: 'inactive' }),
  )
  await gateway.send('readings', anObservation('S2', { patient: mrn('P-8002') }), anObservation('S2', { patient: mrn('P-8003') }))
  await hub.stop()
  hub = await house.hub()
  expect(hub.live.of('bed')).toContainEqual(['ICU^8^A^', place('ICU^8^A'), expect.objectContaining({ family: 'Braun' })])
  expect(hub.live.of('placed')).toContainEqual(['S1', 'ICU^8^A^'])
  expect(
    hub.live
      .of('alarm')
      .filter(([said]) => said.device === 'S1')
      .map(([{ alarm }]) => alarm.alarmId),
  ).toEqual(['open'])
  expect(hub.live.of('conflict')).toContainEqual(['S2', { patient: 'HOSP|P-8003', since: expect.any(Number) }])
  expect(hub.live.of('letter').length).toBeGreaterThan(0)
  // The numbers go on where they stood, and so does the association.
  await gateway.send('readings', anObservation('S1', { location: place('ICU^8^A'), hr: 89 }))
  const charted = await readingsOf('S1')
  expect(charted.map(({ value }) => value)).toEqual([88, 89])
  expect(charted[1]!.patient).toBe(charted[0]!.patient)
})
