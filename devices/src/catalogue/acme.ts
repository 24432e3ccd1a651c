/** AcmeInc: the blood pressure monitor of the IHE example message that test suites carry (EUI-64 0123456789ABCDEF). */
import { type DeviceDefinition, scheduled, technical } from './blocks.ts'

export const acmeBloodPressure: DeviceDefinition = {
  vendor: 'AcmeInc',
  model: 'BP monitor',
  kind: 'blood-pressure-monitor',
  door: 'pcd01',
  identifiedBy: { euiPrefix: '0123456789ABCDEF' },
  canonicalUnits: true,
  containment: [
    { path: '1', code: 528391, refid: 'MDC_DEV_SPEC_PROFILE_BP' },
    { path: '1.0.1', code: 150020, refid: 'MDC_PRESS_BLD_NONINV' },
  ],
  metrics: [scheduled(150021, '1.0.1.1'), scheduled(150022, '1.0.1.2'), scheduled(150023, '1.0.1.3')],
  waves: [],
  alarms: [technical('cuff-failed', 'low', 196660, 'NIBP measurement failed')],
}
