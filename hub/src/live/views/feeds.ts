/** View `feeds`: every gateway, device, sender and recent refusal, as items. Pure: the live state and an instant give the item. */

import { findDevice, modelName } from '@wardline/devices/catalogue/catalogue.ts'
import type { StreamHealth } from '@wardline/devices/messages/envelopes.ts'
import { type StreamName, streamNames } from '@wardline/devices/streams.ts'
import type { Static } from 'typebox'
import type { LiveState } from '../state/live-state.ts'
import type { FeedItem } from './contract.ts'
import { connectivityOf, gatewayDownSince } from './technical.ts'

const tenth = (n: number): number => Math.round(n * 10) / 10

export function* feedItemIds(live: LiveState): Iterable<string> {
  for (const gateway of live.gateways.values()) {
    yield `gateway:${gateway.id}`
    for (const sender of gateway.health?.senders ?? []) yield `sender:${gateway.id}:${sender.sender}`
  }
  for (const device of live.devices.values()) if (device.heardAt > 0) yield `device:${device.id}`
  for (const id of live.letters.keys()) yield `refusal:${id}`
}

/** The item of this id at this instant; undefined when there is none (any more). */
export function buildFeed(live: LiveState, id: string, now: number): FeedItem | undefined {
  const colon = id.indexOf(':')
  const key = id.slice(colon + 1)
  switch (id.slice(0, colon)) {
    case 'gateway':
      return gatewayItem(live, id, key, now)
    case 'device':
      return deviceItem(live, id, key, now)
    case 'sender':
      return senderItem(live, id, key)
    case 'refusal':
      return refusalItem(live, id, key)
    default:
      return undefined
  }
}

function gatewayItem(live: LiveState, id: string, key: string, now: number): FeedItem | undefined {
  const gateway = live.gateways.get(key)
  if (!gateway) return undefined
  const { health } = gateway
  const streams: Partial<Record<StreamName, Static<typeof StreamHealth>>> = health?.streams ?? {}
  const silentSince = gatewayDownSince(gateway, now, live.startedAt, live.settings)
  const isSilent = gateway.state === 'online' && silentSince !== undefined
  return {
    kind: 'gateway',
    id,
    gateway: key,
    enrolled: gateway.enrolled,
    // The broker still holds its birth, but nothing of it has come for 30 s.
    state: isSilent ? 'offline' : gateway.state,
    since: isSilent ? silentSince : gateway.since,
    asOf: gateway.heardAt,
    version: gateway.version,
    connections: health?.connections ?? 0,
    accepted: health?.accepted ?? 0,
    refused: health?.refused ?? 0,
    duplicates: health?.duplicates ?? 0,
    ratePerS: silentSince === undefined ? gateway.ratePerS : 0,
    spoolBytes: health?.spoolBytes ?? 0,
    spoolLimitBytes: health?.spoolLimitBytes ?? 0,
    streams: streamNames.flatMap((stream) => {
      const said = streams[stream]
      if (!said) return []
      const { first, last, committed, bytes, dropped, oldestAt } = said
      const oldest = oldestAt === undefined ? undefined : Math.max(0, oldestAt - gateway.clockOffsetMs)
      const waiting = Math.max(0, last - Math.max(committed, first - 1))
      return [{ stream, first, last, committed, waiting, bytes, ...(oldest !== undefined && { oldestAt: oldest }), dropped }]
    }),
  }
}

function deviceItem(live: LiveState, id: string, key: string, now: number): FeedItem | undefined {
  const device = live.devices.get(key)
  if (!device || device.heardAt === 0) return undefined
  const { settings, startedAt } = live
  const gateway = live.gateways.get(device.gateway)
  const definition = findDevice({ eui: key })
  return {
    kind: 'device',
    id,
    device: key,
    ...(definition && { model: modelName(definition) }),
    gateway: device.gateway,
    ...(device.bed !== undefined && { bed: device.bed }),
    connectivity: connectivityOf(device, { now, startedAt, settings, gateway }),
    asOf: device.heardAt,
    messages: device.messages,
    ratePerS: tenth(device.rate.perSecond(now)),
    metrics: device.metrics.size,
    unmapped: device.unmapped,
    ...(device.clockOffsetMs !== undefined && { clockOffsetMs: device.clockOffsetMs }),
  }
}

function senderItem(live: LiveState, id: string, key: string): FeedItem | undefined {
  // A gateway's name holds no colon; a sender's may.
  const colon = key.indexOf(':')
  const gateway = live.gateways.get(key.slice(0, colon))
  const name = key.slice(colon + 1)
  const said = gateway?.health?.senders.find((each) => each.sender === name)
  if (!gateway || !said) return undefined
  return {
    kind: 'sender',
    id,
    gateway: gateway.id,
    sender: said.sender,
    peer: said.peer,
    accepted: said.accepted,
    refused: said.refused,
    asOf: Math.max(0, said.lastAt - gateway.clockOffsetMs),
    ...(said.clockOffsetMs !== undefined && { clockOffsetMs: Math.round(said.clockOffsetMs) }),
  }
}

function refusalItem(live: LiveState, id: string, key: string): FeedItem | undefined {
  const letter = live.letters.get(key)?.letter
  if (!letter) return undefined
  const { gateway, door, peer = '', code, says, answered, messageId, messageType, sender, bytes, state, receivedAt } = letter
  return {
    kind: 'refusal',
    id,
    deadLetter: key,
    gateway,
    door,
    peer,
    code,
    says,
    ...(answered !== undefined && { answered }),
    ...(messageId !== undefined && { messageId }),
    ...(messageType !== undefined && { messageType }),
    ...(sender !== undefined && { sender }),
    bytes,
    state,
    asOf: receivedAt,
  }
}
