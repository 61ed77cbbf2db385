// Bars on a canvas. What a colour says, a pattern says too: failures are hatched, what is open is striped.
import type { Bar, Span } from './bars'
import { type Paper, type Window, toPaper, toPixel } from './spans'
import type { Tick } from './ticks'

/** Colours of the theme that is shown, by what they mean. */
export interface Palette {
  good: string
  bad: string
  busy: string
  calm: string
  warn: string
  line: string
  text: string
  ground: string
  band: string
}

const NAMES: Record<keyof Palette, string> = {
  good: '--completed-bar',
  bad: '--failed-bar',
  busy: '--running-bar',
  calm: '--canceled-bar',
  warn: '--suspended-bar',
  line: '--line',
  text: '--text',
  ground: '--surface',
  band: '--sunken',
}

/** A canvas knows no light-dark(): a colour is asked of an element that has it. */
export function palette(element: Element): Palette {
  const probe = element.appendChild(document.createElement('i'))
  probe.hidden = true
  const style = getComputedStyle(probe)
  const found = Object.entries(NAMES).map(([name, variable]) => {
    probe.style.color = `var(${variable})`
    return [name, style.color]
  })
  probe.remove()
  return Object.fromEntries(found) as unknown as Palette
}

export const LANE = 26
const TALL = 18
const POINTS: ReadonlySet<string> = new Set(['start', 'end', 'event', 'sent', 'entity-signal', 'rewind'])

export interface Scene {
  sheet: Paper
  seen: Window
  width: number
  height: number
  top: number // pixels scrolled down
  bars: readonly Bar[]
  ticks: readonly Tick[]
  active: number | null
  hover: number | null
  brush: [number, number] | null
}

/** Draw what is seen; *ratio* is device pixels a pixel. */
export function paint(canvas: HTMLCanvasElement, scene: Scene, colours: Palette, ratio: number): void {
  const pen = canvas.getContext('2d')
  if (!pen) return
  const { width, height } = scene
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio)
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio)
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  ground(pen, scene, colours)
  for (const bar of scene.bars) {
    const y = bar.lane * LANE - scene.top + (LANE - TALL) / 2
    if (y < -LANE || y > height) continue
    draw(pen, scene, bar, y, colours)
    if (bar.span.index === scene.active || bar.span.index === scene.hover) {
      pen.strokeStyle = colours.text
      pen.lineWidth = bar.span.index === scene.active ? 2 : 1
      const [x, w] = bounds(bar, width)
      pen.strokeRect(x - 1.5, y - 1.5, w + 3, TALL + 3)
    }
  }
  if (scene.brush) {
    const [from, to] = [Math.min(...scene.brush), Math.max(...scene.brush)]
    pen.globalAlpha = 0.18
    pen.fillStyle = colours.busy
    pen.fillRect(from, 0, to - from, height)
    pen.globalAlpha = 1
  }
}

function ground(pen: CanvasRenderingContext2D, scene: Scene, colours: Palette): void {
  for (const piece of scene.sheet.pieces) {
    if (!piece.folded) continue
    const from = toPixel(scene.seen, scene.width, piece.from)
    const to = toPixel(scene.seen, scene.width, piece.to)
    if (to < 0 || from > scene.width) continue
    pen.fillStyle = colours.band
    pen.fillRect(from, 0, to - from, scene.height)
    pen.save()
    pen.beginPath()
    pen.rect(from, 0, to - from, scene.height)
    pen.clip()
    hatch(pen, from, 0, to - from, scene.height, colours.line, 8, 1)
    pen.restore()
  }
  pen.strokeStyle = colours.line
  pen.lineWidth = 1
  pen.beginPath()
  for (const tick of scene.ticks) {
    if (tick.fold !== undefined) continue
    const x = Math.round(tick.x) + 0.5
    pen.moveTo(x, 0)
    pen.lineTo(x, scene.height)
  }
  pen.stroke()
}

/** A bar may begin and end far outside: the canvas is not asked to draw millions of pixels. */
function bounds(bar: Bar, width: number): [number, number] {
  const x = Math.max(bar.x, -8)
  return [x, Math.min(bar.x + bar.width, width + 8) - x]
}

function colour(outcome: string, colours: Palette): string {
  if (outcome === 'failed' || outcome === 'terminated') return colours.bad
  if (outcome === 'open') return colours.busy
  if (outcome === 'canceled') return colours.calm
  return colours.good
}

function draw(pen: CanvasRenderingContext2D, scene: Scene, bar: Bar, y: number, colours: Palette): void {
  const { span } = bar
  if (POINTS.has(span.kind) && bar.width < 6) {
    diamond(pen, bar.x, y + TALL / 2, colour(span.outcome, colours))
    return
  }
  if (span.parts.length > 1 && bar.merged === 1) {
    const [x, w] = bounds(bar, scene.width)
    pen.fillStyle = colours.calm
    pen.fillRect(x, y + TALL / 2 - 1, w, 2)
    for (const part of span.parts) {
      const from = toPixel(scene.seen, scene.width, toPaper(scene.sheet, part.start))
      const to = toPixel(scene.seen, scene.width, toPaper(scene.sheet, part.end))
      box(pen, { ...bar, x: from, width: Math.max(to - from, 2) }, part.outcome, y, scene.width, colours)
    }
    return
  }
  box(pen, bar, span.outcome, y, scene.width, colours)
}

function box(
  pen: CanvasRenderingContext2D,
  bar: Bar,
  outcome: string,
  y: number,
  width: number,
  colours: Palette,
): void {
  const [x, w] = bounds(bar, width)
  if (w <= 0) return
  const [from, tall] = shape(bar.span, y)
  const fill = colour(outcome, colours)
  pen.beginPath()
  if (w > 4) pen.roundRect(x, from, w, tall, 3)
  else pen.rect(x, from, w, tall)
  if (outcome === 'canceled') {
    pen.strokeStyle = fill
    pen.lineWidth = 1
    pen.setLineDash([3, 2])
    pen.stroke()
    pen.setLineDash([])
    return
  }
  pen.globalAlpha = outcome === 'open' ? 0.55 : 1
  pen.fillStyle = fill
  pen.fill()
  pen.globalAlpha = 1
  if (w > 4 && (outcome === 'failed' || outcome === 'open')) {
    pen.save()
    pen.clip()
    if (outcome === 'failed') hatch(pen, x, from, w, tall, colours.ground, 6, 1.2)
    else stripes(pen, x, from, w, tall, fill)
    pen.restore()
  }
}

/** Timers, locks and suspensions are thin: nobody works in them. */
function shape(span: Span, y: number): [number, number] {
  const thin = span.kind === 'timer' || span.kind === 'lock' || span.kind === 'suspension'
  return thin ? [y + TALL / 2 - 4, 8] : [y, TALL]
}

function diamond(pen: CanvasRenderingContext2D, x: number, y: number, fill: string): void {
  pen.fillStyle = fill
  pen.beginPath()
  pen.moveTo(x, y - 7)
  pen.lineTo(x + 6, y)
  pen.lineTo(x, y + 7)
  pen.lineTo(x - 6, y)
  pen.closePath()
  pen.fill()
}

function hatch(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  stroke: string,
  every: number,
  thick: number,
): void {
  pen.strokeStyle = stroke
  pen.lineWidth = thick
  pen.beginPath()
  const first = Math.floor((x - height) / every) * every // the same pattern wherever a bar begins
  for (let at = first; at < x + width; at += every) {
    pen.moveTo(at, y + height)
    pen.lineTo(at + height, y)
  }
  pen.stroke()
}

function stripes(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, fill: string): void {
  pen.fillStyle = fill
  for (let at = Math.floor(x / 8) * 8; at < x + width; at += 8) pen.fillRect(at, y, 3, height)
}
