/** Nordlys: the maker of the simulated bedside devices. Its EUI-64s begin with 0012210000BB (monitors), BC, BD. */
import { continuous, type DeviceDefinition, physiological, scheduled, technical, wave } from './blocks.ts'

const mds = { path: '1.0.0.0', code: 69965, refid: 'MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS' } as const

/** VMDs and channels of the monitor: 1.1 cuff, 1.2 ECG and respiration, 1.3 oximetry, 1.4 arterial pressure, 1.5 temperature, 1.6 airway gas. */
export const bedsideMonitor: DeviceDefinition = {
  vendor: 'Nordlys',
  model: 'BM-8',
  kind: 'multi-parameter-monitor',
  door: 'pcd01',
  identifiedBy: { euiPrefix: '0012210000BB' },
  canonicalUnits: false,
  containment: [
    mds,
    { path: '1.1.0.0', code: 70686, refid: 'MDC_DEV_PRESS_BLD_NONINV_VMD' },
    { path: '1.1.1.0', code: 70687, refid: 'MDC_DEV_PRESS_BLD_NONINV_CHAN' },
    { path: '1.2.0.0', code: 70666, refid: 'MDC_DEV_ECG_RESP_VMD' },
    { path: '1.2.1.0', code: 70739, refid: 'MDC_DEV_CARD_RATE_CHAN' },
    { path: '1.3.0.0', code: 69642, refid: 'MDC_DEV_ANALY_SAT_O2_VMD' },
    { path: '1.3.1.0', code: 69643, refid: 'MDC_DEV_ANALY_SAT_O2_CHAN' },
  ],
  metrics: [
    continuous(147842, '1.2.1.1'),
    continuous(151570, '1.2.2.1'),
    continuous(150456, '1.3.1.1'),
    continuous(149530, '1.3.1.2'),
    continuous(150037, '1.4.1.1'),
    continuous(150038, '1.4.1.2'),
    continuous(150039, '1.4.1.3'),
    scheduled(150021, '1.1.1.1'),
    scheduled(150022, '1.1.1.2'),
    scheduled(150023, '1.1.1.3'),
    scheduled(149546, '1.1.1.4'),
    continuous(150344, '1.5.1.1', 60_000),
    continuous(151708, '1.6.1.1'),
  ],
  waves: [
    wave(131330, '1.2.1.101', 0.005),
    wave(150452, '1.3.1.101', 0.01),
    wave(150036, '1.4.1.101', 0.25),
    wave(151780, '1.2.2.101', 0.01),
  ],
  alarms: [
    physiological('hr-high', 'medium', 196648, 'HR high'),
    physiological('hr-low', 'medium', 196674, 'HR low'),
    physiological('hr-extreme-high', 'high', 196648, 'Extreme tachycardia'),
    physiological('hr-extreme-low', 'high', 196674, 'Extreme bradycardia'),
    physiological('asystole', 'high', 199684, 'Asystole'),
    physiological('apnea', 'high', 199680, 'Apnea'),
    physiological('desaturation', 'high', 199854, 'Desaturation'),
    physiological('spo2-low', 'medium', 196674, 'SpO₂ low'),
    physiological('rr-high', 'medium', 196648, 'RR high'),
    physiological('rr-low', 'medium', 196674, 'RR low'),
    physiological('bp-high', 'medium', 196648, 'Blood pressure high'),
    physiological('bp-low', 'medium', 196674, 'Blood pressure low'),
    physiological('etco2-high', 'medium', 196648, 'EtCO₂ high'),
    physiological('etco2-low', 'medium', 196674, 'EtCO₂ low'),
    physiological('temp-high', 'low', 196648, 'Temperature high'),
    technical('leads-off', 'low', 196680, 'ECG leads off'),
    technical('sensor-off', 'low', 196660, 'SpO₂ sensor off'),
    technical('cuff-failed', 'low', 196660, 'NIBP measurement failed'),
  ],
}

export const pulseOximeter: DeviceDefinition = {
  vendor: 'Nordlys',
  model: 'OX-2',
  kind: 'pulse-oximeter',
  door: 'pcd01',
  identifiedBy: { euiPrefix: '0012210000BC' },
  canonicalUnits: false,
  containment: [
    { path: '1.0.0.0', code: 69641, refid: 'MDC_DEV_ANALY_SAT_O2_MDS' },
    { path: '1.1.0.0', code: 69642, refid: 'MDC_DEV_ANALY_SAT_O2_VMD' },
    { path: '1.1.1.0', code: 69643, refid: 'MDC_DEV_ANALY_SAT_O2_CHAN' },
  ],
  metrics: [continuous(150456, '1.1.1.1'), continuous(149530, '1.1.1.2')],
  waves: [wave(150452, '1.1.1.101', 0.01)],
  alarms: [
    physiological('spo2-low', 'medium', 196674, 'SpO₂ low'),
    physiological('desaturation', 'high', 199854, 'Desaturation'),
    technical('sensor-off', 'low', 196660, 'Sensor off'),
  ],
}

export const ventilator: DeviceDefinition = {
  vendor: 'Nordlys',
  model: 'VT-40',
  kind: 'ventilator',
  door: 'pcd01',
  identifiedBy: { euiPrefix: '0012210000BD' },
  canonicalUnits: false,
  containment: [
    { path: '1.0.0.0', code: 70001, refid: 'MDC_DEV_SYS_PT_VENT_MDS' },
    { path: '1.1.0.0', code: 70002, refid: 'MDC_DEV_SYS_PT_VENT_VMD' },
    { path: '1.1.1.0', code: 70003, refid: 'MDC_DEV_SYS_PT_VENT_CHAN' },
  ],
  metrics: [
    continuous(151586, '1.1.1.1', 5000),
    continuous(151976, '1.1.1.2', 5000),
    continuous(151868, '1.1.1.3', 5000),
    continuous(151880, '1.1.1.4', 5000),
    continuous(152196, '1.1.1.5', 5000),
    continuous(151708, '1.1.1.6', 5000),
  ],
  waves: [wave(151700, '1.1.1.101', 0.05)],
  alarms: [
    physiological('apnea', 'high', 199680, 'Apnea'),
    physiological('rr-high', 'medium', 196648, 'RR high'),
    technical('disconnected', 'high', 196660, 'Breathing circuit disconnected'),
  ],
}
