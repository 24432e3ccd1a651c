/**
 * What a site may set about the live state and its views. Every number is [DEF]: a default that clinical governance approves
 * (domain page "Bedside monitoring", sections 5 and 12).
 */
export interface LiveSettings {
  site: {
    name: string
    /** IANA name; ages are counted in it. */
    timeZone: string
    /** People are named on walls. Left out: bed and initials only (UI.md, "Walls"). */
    showNames?: boolean
  }
  /** A device's clock is wrong when MSH-7 and the gateway's receipt differ by more. */
  clockSkewMs: number
  /** A wrong clock is corrected for when it was off by the same amount for so long, and by no more than `clockCorrectedMs`. */
  clockSteadyMs: number
  clockCorrectedMs: number
  /** No message nor heartbeat for longer: disconnected. A device that announces heartbeats is missed earlier, after two of them. */
  deviceSilentMs: number
  /** Silent for longer is called offline. */
  deviceOfflineMs: number
  /** A gateway whose devices and health all keep silent for longer is down. */
  gatewaySilentMs: number
  /** A sensor that is off raises low; after this, medium. */
  sensorOffMediumMs: number
  /** ECG heart rate and pulse differ by more than `perMin` for longer than `forMs`. */
  pulseMismatch: { perMin: number; forMs: number }
  /** So many implausible values one after the other are a fault of the device. */
  implausibleRun: number
  /** Nothing is called silent so soon after a start: the gateways have to be heard first. */
  settleMs: number
  /** A metric that its otherwise talking device has stopped sending leaves the tile after this. */
  metricForgottenMs: number
  /** A device that nobody placed and nobody hears leaves memory after this. */
  deviceForgottenMs: number
  /** An alarm that is a point in time (phase `tpoint`) has no end of its own: shown for so long. */
  pointAlarmMs: number
  /** A waveform that stopped leaves the tile after this. */
  waveForgottenMs: number
  /** Upper bounds of memory. What comes beyond is counted and not kept. */
  caps: {
    devices: number
    metricsOfDevice: number
    alarmsOfDevice: number
    wavesOfDevice: number
    beds: number
    gateways: number
    letters: number
  }
}

export const defaultSettings: Omit<LiveSettings, 'site'> = {
  clockSkewMs: 60_000,
  clockSteadyMs: 60_000,
  clockCorrectedMs: 24 * 3_600_000,
  deviceSilentMs: 60_000,
  deviceOfflineMs: 15 * 60_000,
  gatewaySilentMs: 30_000,
  sensorOffMediumMs: 60_000,
  pulseMismatch: { perMin: 20, forMs: 30_000 },
  implausibleRun: 3,
  settleMs: 10_000,
  metricForgottenMs: 3_600_000,
  deviceForgottenMs: 24 * 3_600_000,
  pointAlarmMs: 60_000,
  waveForgottenMs: 60_000,
  caps: {
    devices: 20_000,
    metricsOfDevice: 512,
    alarmsOfDevice: 64,
    wavesOfDevice: 16,
    beds: 10_000,
    gateways: 500,
    letters: 200,
  },
}
