import type { FeedItem } from '../../live/contract.ts'

export type Kind = FeedItem['kind']
export type Of<K extends Kind> = Extract<FeedItem, { kind: K }>

/** Items of one kind, in a steady order. */
export function ofKind<K extends Kind>(items: ReadonlyMap<string, FeedItem>, kind: K): Of<K>[] {
  const found: Of<K>[] = []
  for (const item of items.values()) if (item.kind === kind) found.push(item as Of<K>)
  return found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** A bed's key (`ICU2^204^1^HOSP`) as it stands on its tile (`ICU2 204-1`). */
export function bedText(key: string): string {
  const [pointOfCare, room, bed] = key.split('^')
  return [pointOfCare, [room, bed].filter(Boolean).join('-')].filter(Boolean).join(' ') || key
}

/** Bytes as people read them: `512 B`, `64 KiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value >= 100 || unit === 0 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Clock offset in ms as `+1.2 s`, `−3 h`, `−380 d`: as coarse as it is large. */
export function offsetText(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined
  const sign = ms > 0 ? '+' : ms < 0 ? '−' : ''
  const size = Math.abs(ms)
  return size < 1000
    ? `${sign}${Math.round(size)} ms`
    : size < 120_000
      ? `${sign}${(size / 1000).toFixed(1)} s`
      : size < 7_200_000
        ? `${sign}${Math.round(size / 60_000)} min`
        : size < 48 * 3_600_000
          ? `${sign}${Math.round(size / 3_600_000)} h`
          : `${sign}${Math.round(size / 86_400_000)
              .toLocaleString('en')
              .replaceAll(',', '\u202f')} d`
}

/** Base64 as bytes. */
export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

/** Bytes to look at: segments of HL7 on lines of their own, framing and other control characters made visible. Never interpreted. */
export function rawText(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(bytes)
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, (control) =>
      String.fromCodePoint(0x2400 + (control === '\u007f' ? 0x21 : control.charCodeAt(0))),
    )
}
