/** What the programs of a house use, as the kernel counts it. */
import { readdirSync, readFileSync } from 'node:fs'

/** Seconds of CPU that a process's living threads have used; to the nanosecond, where /proc/<pid>/stat counts steps of ten milliseconds. */
export function cpuSeconds(pid: number): number {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // the thread has ended
    }
  }
  return ns / 1e9
}

/** Resident megabytes. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
