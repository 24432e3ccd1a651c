/** Every device that this house knows by name. A device that is not here is still taken in: its codes say what it measures. */
import { acmeBloodPressure } from './acme.ts'
import type { DeviceDefinition } from './blocks.ts'
import { bedsideMonitor, pulseOximeter, ventilator } from './nordlys.ts'

export const catalogue: readonly DeviceDefinition[] = [bedsideMonitor, pulseOximeter, ventilator, acmeBloodPressure]

// The longest prefix first, so that a model inside a vendor's block wins.
const byPrefix = [...catalogue].sort((a, b) => b.identifiedBy.euiPrefix.length - a.identifiedBy.euiPrefix.length)

/** The definition of a device, by its EUI-64 or by vendor and model; undefined when it is in no entry. */
export function findDevice(by: { eui?: string; vendor?: string; model?: string }): DeviceDefinition | undefined {
  const { eui, vendor, model } = by
  if (eui !== undefined) {
    const found = byPrefix.find((d) => eui.startsWith(d.identifiedBy.euiPrefix))
    if (found) return found
  }
  return model === undefined
    ? undefined
    : catalogue.find((d) => d.model === model && (vendor === undefined || d.vendor === vendor))
}

/** `Nordlys BM-8`: how a device's model is written. */
export const modelName = (device: DeviceDefinition): string => `${device.vendor} ${device.model}`
