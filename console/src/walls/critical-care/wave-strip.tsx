import { useEffect, useRef } from 'react'
import { hub } from '../../live/hub.ts'
import type { Channel } from '../../live/wave-store.ts'
import { ERASE_PX, Gain, Playhead, PX_PER_SECOND, rangeOf, runsBetween } from './sweep.ts'

/** One frame callback for all strips of the page. */
const drawers = new Set<(time: number) => void>()
let frame = 0
function everyFrame(draw: (time: number) => void): () => void {
  drawers.add(draw)
  const run = (time: number) => {
    for (const each of drawers) each(time)
    frame = drawers.size > 0 ? requestAnimationFrame(run) : 0
  }
  if (frame === 0) frame = requestAnimationFrame(run)
  return () => void drawers.delete(draw)
}

/** [STD MDC 131328..131840] electrocardiogram leads; they are drawn with at least 1 mV of height, so that noise stays small. */
const isEcg = (code: number) => code >= 131328 && code < 131840

/**
 * The waveforms of one bed, side by side, on one time axis. Props: the bed's key, the waveforms to draw (`code`, `label`), and how
 * many px of the wall a px of the 1080p wall is drawn in (`scale`; the wall's own zoom is read from its width).
 */
export function WaveStrip({
  bed,
  waves,
  scale,
}: {
  bed: string
  waves: readonly { code: number; label: string }[]
  scale: number
}) {
  const strip = useRef<HTMLDivElement>(null)
  const codes = waves.map((wave) => wave.code).join()
  useEffect(() => {
    const shown = codes === '' ? [] : codes.split(',').map(Number)
    const playhead = new Playhead()
    const sweeps = [...(strip.current?.querySelectorAll('canvas') ?? [])].map((canvas, i) => new Sweep(canvas, shown[i]!))
    const frameWidth = strip.current?.closest<HTMLElement>('[data-wall-frame]')
    let last = 0
    const draw = (time: number) => {
      const elapsed = last === 0 ? 16 : time - last
      last = time
      const channels = shown.map((code) => hub.waves.channel(bed, code))
      const at = playhead.at(channels, hub.clock.now(), elapsed)
      const zoom = ((frameWidth?.clientWidth ?? 1920) / 1920) * scale
      sweeps.forEach((sweep, i) => {
        sweep.draw(channels[i], at, zoom)
      })
    }
    return everyFrame(draw)
  }, [bed, codes, scale])
  return (
    <div className="wave-strip" ref={strip} aria-hidden="true">
      {waves.map((wave) => (
        <figure key={wave.code} data-wave={wave.code}>
          <canvas />
          <figcaption>{wave.label}</figcaption>
        </figure>
      ))}
    </div>
  )
}

/** Draws one waveform into one canvas. Only what the bar passed since the last frame is drawn anew. */
class Sweep {
  #drawnTo: number | null = null
  #gain = new Gain()
  #range: [number, number] = [0, 1]
  #version = -1
  #ink = ''
  readonly #canvas: HTMLCanvasElement
  readonly #code: number

  constructor(canvas: HTMLCanvasElement, code: number) {
    this.#canvas = canvas
    this.#code = code
  }

  draw(channel: Channel | undefined, at: number | null, zoom: number): void {
    const canvas = this.#canvas
    const paper = canvas.getContext('2d')
    if (!paper) return
    const ratio = globalThis.devicePixelRatio || 1
    const width = Math.round(canvas.clientWidth * ratio)
    const height = Math.round(canvas.clientHeight * ratio)
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
      this.#drawnTo = null
      this.#ink = getComputedStyle(canvas).color
    }
    if (width === 0 || at === null || !channel) return
    const pxPerMs = (PX_PER_SECOND * zoom * ratio) / 1000
    const sweepMs = width / pxPerMs
    if (channel.version !== this.#version) {
      this.#version = channel.version
      this.#range = this.#gain.follow(rangeOf(channel.stretches), isEcg(this.#code) ? 1 : 1e-6)
    }
    const from =
      this.#drawnTo === null || at < this.#drawnTo || at - this.#drawnTo > sweepMs * 0.9 ? at - sweepMs * 0.9 : this.#drawnTo
    if (from !== this.#drawnTo) paper.clearRect(0, 0, width, height)
    const bar = ERASE_PX * zoom * ratio
    this.#erase(paper, width, height, (from % sweepMs) * pxPerMs, (at - from) * pxPerMs + bar)

    const [low, high] = this.#range
    const margin = 3 * zoom * ratio
    const y = (value: number) => height - margin - ((value - low) / (high - low)) * (height - 2 * margin)
    paper.strokeStyle = this.#ink
    paper.lineWidth = 2 * zoom * ratio
    paper.lineJoin = 'round'
    // A little of what was drawn before is taken along, so that the line goes on.
    for (const run of runsBetween(channel.stretches, from - 20, at)) {
      paper.beginPath()
      let before = -1
      for (const [instant, value] of run) {
        const x = (((instant % sweepMs) + sweepMs) % sweepMs) * pxPerMs
        // Past the right edge the sweep begins again at the left.
        if (x < before || before < 0) paper.moveTo(x, y(value))
        else paper.lineTo(x, y(value))
        before = x
      }
      paper.stroke()
    }
    this.#drawnTo = at
  }

  #erase(paper: CanvasRenderingContext2D, width: number, height: number, x: number, length: number): void {
    paper.clearRect(x, 0, length, height)
    if (x + length > width) paper.clearRect(0, 0, x + length - width, height)
  }
}
