import type { GatewayState } from './state.ts'

/** Text that came from outside, made harmless. */
const text = (value: string | number): string =>
  String(value).replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)

function age(from: number | null, now: number): string {
  if (from === null) return '—'
  const s = Math.max(0, Math.round((now - from) / 1000))
  if (s < 120) return `${s} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`
}
function bytes(n: number): string {
  if (n < 10_000) return `${n} B`
  if (n < 10_000_000) return `${(n / 1000).toFixed(0)} kB`
  return n < 10_000_000_000 ? `${(n / 1e6).toFixed(0)} MB` : `${(n / 1e9).toFixed(1)} GB`
}
const count = (n: number): string => n.toLocaleString('en')
/** How far a clock is off: as coarse as it is large. */
function skew(ms: number): string {
  const size = Math.abs(ms)
  if (size < 50) return '0 s'
  const sign = ms < 0 ? '−' : '+'
  return sign + (size < 120_000 ? `${(size / 1000).toFixed(1)} s` : age(0, size))
}

const row = (cells: string[], className = '') =>
  `<tr${className ? ` class="${className}"` : ''}>${cells.map((c) => `<td>${c}</td>`).join('')}</tr>`
const table = (heads: string[], rows: string[], none: string) =>
  rows.length
    ? `<table><thead><tr>${heads.map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
    : `<p class="quiet">${none}</p>`

function uplinkLine(state: GatewayState): string {
  const { uplink, upstream, at } = state
  if (upstream === 'no broker')
    return `<strong class="tech">◇ TECH · no broker</strong> for ${age(uplink.since, at)}. Messages are taken in and kept here.`
  if (upstream === 'hub silent') {
    return `<strong class="tech">◇ TECH · hub silent</strong>: last word ${uplink.heardAt === null ? 'never' : `${age(uplink.heardAt, at)} ago`}. Messages are taken in and kept here.`
  }
  return `connected for ${age(uplink.since, at)} by ${text(uplink.protocol ?? '')}, hub heard ${age(uplink.heardAt, at)} ago${uplink.behind ? '; <strong class="tech">◇ a backlog is being sent</strong>' : ''}`
}

/** What changes: fetched again every two seconds. */
export function body(state: GatewayState): string {
  const { spool, messages, at } = state
  const fill = Math.min(100, (spool.bytes / spool.limitBytes) * 100)
  const streams = state.streams.map((stream) =>
    row([
      `${text(stream.name)} <span class="quiet">${text(stream.says)}</span>`,
      count(stream.last),
      count(stream.committed),
      stream.backlog ? count(stream.backlog) : '0',
      stream.oldestAt === null ? '—' : age(stream.oldestAt, at),
      bytes(stream.bytes),
      stream.dropped ? `<strong class="tech">◇ ${count(stream.dropped)}</strong>` : '0',
    ]),
  )
  const senders = state.senders.map((one) => {
    const clock = one.clockOffsetMs === undefined ? '—' : skew(one.clockOffsetMs)
    const off = Math.abs(one.clockOffsetMs ?? 0) > 60_000
    const silent = at - one.lastAt
    return row(
      [
        text(one.sender || '(no name)'),
        text(one.peer),
        count(one.accepted),
        count(one.refused),
        `${age(one.lastAt, at)} ago`,
        off ? `<strong class="tech">◇ ${clock}</strong>` : clock,
      ],
      silent > 30_000 ? 'old' : '',
    )
  })
  const refusals = state.refusals.map((one) =>
    row([
      `${age(one.at, at)} ago`,
      text(one.sender || '—'),
      text(one.peer),
      text(one.type || '—'),
      text(one.id || '—'),
      `${text(one.code)} <span class="quiet">${text(one.says)}</span>`,
      text(one.answered || 'nothing'),
      bytes(one.bytes),
    ]),
  )
  const by = Object.entries(messages.refusedBy).map(([code, n]) => `${text(code)} ${count(n)}`)
  const shut = Object.entries(state.closed).filter(([, n]) => n > 0)
  return `
<section><h2>To the hub</h2>
<p>${uplinkLine(state)}</p><p class="quiet">${text(state.uplink.url)} · spool ${text(spool.id)} · ${count(state.uplink.batches)} batches since the start</p></section>
<section><h2>Spool</h2>
<p>${state.accepting ? 'Messages are taken in.' : `<strong class="tech">◇ TECH · messages are refused</strong>: ${text(spool.trouble ?? 'the spool is full')}.`} ${bytes(spool.bytes)} of ${bytes(spool.limitBytes)} (${fill.toFixed(1)}%)</p>
<div class="bar" role="img" aria-label="spool ${fill.toFixed(0)} % full"><i style="width:${fill.toFixed(2)}%"></i></div>
${table(['stream', 'last number', 'stored in the hub', 'not stored', 'oldest unsent', 'on disk', 'dropped'], streams, '')}</section>
<section><h2>Devices</h2>
<p>${count(state.connections)} connections · ${count(messages.accepted)} accepted · ${count(messages.duplicates)} duplicates · ${count(messages.refused)} refused · ${count(messages.rowsDropped)} rows dropped${shut.length ? ` · closed: ${shut.map(([why, n]) => `${text(why)} ${count(n)}`).join(', ')}` : ''}</p>
${table(['sender (MSH-3)', 'from', 'accepted', 'refused', 'last', 'clock off by'], senders, 'Nothing was heard since the start.')}</section>
<section><h2>Refused</h2>
<p class="quiet">${by.length ? by.join(' · ') : ''}</p>
${table(['when', 'sender', 'from', 'type', 'id', 'why', 'answered', 'size'], refusals, 'Nothing was refused since the start.')}</section>`
}

/** The whole page: nothing from outside, dark, and still useful without its script. */
export function document(state: GatewayState): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Gateway ${text(state.gateway)}</title><style>
:root{color-scheme:dark;--ground:#11161c;--line:#2a323c;--text:#d7dee6;--quiet:#93a1b0;--tech:#4fd3e6}
*{box-sizing:border-box}
body{margin:0;padding:24px;background:var(--ground);color:var(--text);font:14px/1.45 "IBM Plex Sans",Inter,system-ui,sans-serif;font-variant-numeric:tabular-nums}
header{display:flex;gap:16px;align-items:baseline;margin-bottom:16px}
h1{font-size:20px;margin:0}h2{font-size:14px;margin:0 0 8px;color:var(--quiet);font-weight:600}
section{border-top:1px solid var(--line);padding:16px 0;overflow-x:auto}p{margin:0 0 8px}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500;color:var(--quiet)}th,td{padding:4px 16px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
.quiet{color:var(--quiet)}.tech{color:var(--tech);font-weight:600}.old td{color:var(--quiet)}
.bar{height:8px;background:var(--line);margin:8px 0 16px;max-width:640px}.bar i{display:block;height:100%;background:var(--quiet)}
.stale main{opacity:.4}.stale #fresh{color:var(--tech);font-weight:600}
</style></head><body><header><h1>Gateway ${text(state.gateway)}</h1><span class="quiet">${text(state.site)}</span><span id="fresh" class="quiet" role="status">as of ${new Date(state.at).toISOString()}</span></header>
<main>${body(state)}</main><script src="/page.js"></script></body></html>`
}
