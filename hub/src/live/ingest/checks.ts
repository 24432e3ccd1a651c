import { Batch, GatewayHealth, GatewayStatus, MESSAGE_VERSION, Now } from '@wardline/devices/messages/envelopes.ts'
import { recordOf } from '@wardline/devices/messages/records.ts'
import type { StreamName } from '@wardline/devices/streams.ts'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** Compiled once: a check of an observation of eight metrics costs some microseconds. */
export const envelopes = {
  batch: Compile(Batch),
  now: Compile(Now),
  status: Compile(GatewayStatus),
  health: Compile(GatewayHealth),
}

interface Check {
  Check(value: unknown): boolean
  Errors(value: unknown): { instancePath: string; message: string }[]
}
const compiled: Record<StreamName, Check> = {
  alarms: Compile(recordOf.alarms as TSchema),
  adt: Compile(recordOf.adt as TSchema),
  readings: Compile(recordOf.readings as TSchema),
  refusals: Compile(recordOf.refusals as TSchema),
  waves: Compile(recordOf.waves as TSchema),
}

export const isRecordOf = (stream: StreamName, value: unknown): boolean => compiled[stream].Check(value)
export const recordFaults = (stream: StreamName, value: unknown): string => faultsOf(compiled[stream], value)

/** The first places where a value is not as its schema says, in words, never with the value itself (it may name a patient). */
export function faultsOf(check: Check, value: unknown): string {
  const faults = check.Errors(value).slice(0, 3)
  return faults.map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`).join('; ') || 'not as its schema says'
}

/** Whether it says a version that is not ours: named before all other faults, since those follow from it. */
export const otherVersion = (value: unknown): string | undefined => {
  const v = (value as { v?: unknown } | null)?.v
  return v === undefined || v === MESSAGE_VERSION
    ? undefined
    : `version ${JSON.stringify(v)?.slice(0, 20)}; this hub reads ${MESSAGE_VERSION}`
}
