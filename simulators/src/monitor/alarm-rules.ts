import type { MetricName } from '../physiology/sensors.ts'

export type Priority = 'PH' | 'PM' | 'PL'

interface Rule {
  name: string
  /** What the monitor writes on its screen. */
  text: string
  /** The MDC event (domain page "Bedside monitoring", section 7), without a number where vendors differ. */
  event: { code?: number; refid: string }
  metric?: MetricName
  kind: 'SP' | 'ST'
  priority: Priority
  /** The condition must hold for this long, s. */
  delayS: number
  /** The indication stays after the condition is gone, until a nurse resets it. */
  latching?: true
}

/** A value outside its limit. */
export interface LimitRule extends Rule {
  metric: MetricName
  side: 'high' | 'low'
  limit: number
  /** Beyond this the alarm escalates to high, with another event where the monitor has one. */
  extreme?: number
  /** Back inside by this much ends it. */
  hysteresis: number
}

/** Something the monitor recognises by itself. */
export interface ConditionRule extends Rule {
  condition: 'asystole' | 'ventricular' | 'apnoea' | 'leadsOff' | 'probeOff' | 'cuffFailed'
  /** After this long, s, the priority becomes medium. */
  mediumAfterS?: number
}

const high = { code: 196648, refid: 'MDC_EVT_HI' }
const low = { code: 196674, refid: 'MDC_EVT_LO_VAL_LT_LIM' }

/** What a monitor of this house is set to, adult profile: settings of a device, so narrower than the platform's own. */
export const limitRules: LimitRule[] = [
  {
    name: 'hr-high',
    text: 'HR high',
    event: high,
    metric: 'hr',
    side: 'high',
    limit: 120,
    extreme: 145,
    hysteresis: 2,
    delayS: 5,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'hr-low',
    text: 'HR low',
    event: low,
    metric: 'hr',
    side: 'low',
    limit: 50,
    extreme: 38,
    hysteresis: 2,
    delayS: 5,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'spo2-low',
    text: 'SpO2 low',
    event: low,
    metric: 'spo2',
    side: 'low',
    limit: 90,
    extreme: 85,
    hysteresis: 1,
    delayS: 8,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'rr-high',
    text: 'RR high',
    event: high,
    metric: 'rr',
    side: 'high',
    limit: 30,
    hysteresis: 2,
    delayS: 10,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'rr-low',
    text: 'RR low',
    event: low,
    metric: 'rr',
    side: 'low',
    limit: 8,
    hysteresis: 2,
    delayS: 10,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'abp-high',
    text: 'ABPs high',
    event: high,
    metric: 'abpSys',
    side: 'high',
    limit: 165,
    hysteresis: 2,
    delayS: 8,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'abp-low',
    text: 'ABPs low',
    event: low,
    metric: 'abpSys',
    side: 'low',
    limit: 90,
    extreme: 75,
    hysteresis: 2,
    delayS: 8,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'nibp-high',
    text: 'NBPs high',
    event: high,
    metric: 'nibpSys',
    side: 'high',
    limit: 165,
    hysteresis: 2,
    delayS: 0,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'nibp-low',
    text: 'NBPs low',
    event: low,
    metric: 'nibpSys',
    side: 'low',
    limit: 90,
    extreme: 75,
    hysteresis: 2,
    delayS: 0,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'etco2-high',
    text: 'etCO2 high',
    event: high,
    metric: 'etco2',
    side: 'high',
    limit: 55,
    hysteresis: 2,
    delayS: 20,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'etco2-low',
    text: 'etCO2 low',
    event: low,
    metric: 'etco2',
    side: 'low',
    limit: 20,
    hysteresis: 2,
    delayS: 20,
    kind: 'SP',
    priority: 'PM',
  },
  {
    name: 'temp-high',
    text: 'Temp high',
    event: high,
    metric: 'temp',
    side: 'high',
    limit: 38.5,
    hysteresis: 0.2,
    delayS: 0,
    kind: 'SP',
    priority: 'PL',
  },
]

/** The event of a saturation beyond its extreme limit. */
export const desaturation = { code: 199854, refid: 'MDC_EVT_DESAT' }

export const conditionRules: ConditionRule[] = [
  {
    name: 'asystole',
    text: '*** ASYSTOLE',
    event: { code: 199684, refid: 'MDC_EVT_ECG_ASYSTOLE' },
    metric: 'hr',
    condition: 'asystole',
    delayS: 0,
    kind: 'SP',
    priority: 'PH',
    latching: true,
  },
  {
    name: 'vtach',
    text: '*** VTACH',
    event: { refid: 'MDC_EVT_ECG_V_TACHY' },
    metric: 'hr',
    condition: 'ventricular',
    delayS: 2,
    kind: 'SP',
    priority: 'PH',
    latching: true,
  },
  {
    name: 'apnoea',
    text: '*** APNEA',
    event: { code: 199680, refid: 'MDC_EVT_APNEA' },
    metric: 'rr',
    condition: 'apnoea',
    delayS: 20,
    kind: 'SP',
    priority: 'PH',
    latching: true,
  },
  {
    name: 'leads-off',
    text: 'ECG leads off',
    event: { code: 196680, refid: 'MDC_EVT_LEAD_OFF' },
    metric: 'hr',
    condition: 'leadsOff',
    delayS: 3,
    kind: 'ST',
    priority: 'PL',
    mediumAfterS: 60,
  },
  {
    name: 'probe-off',
    text: 'SpO2 no sensor',
    event: { code: 196660, refid: 'MDC_EVT_INOP' },
    metric: 'spo2',
    condition: 'probeOff',
    delayS: 3,
    kind: 'ST',
    priority: 'PL',
  },
  {
    name: 'cuff-failed',
    text: 'NBP measure failed',
    event: { code: 196660, refid: 'MDC_EVT_INOP' },
    metric: 'nibpSys',
    condition: 'cuffFailed',
    delayS: 0,
    kind: 'ST',
    priority: 'PL',
  },
]
