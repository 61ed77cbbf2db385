/** Ticks of a time axis: at round moments of the clock, or at round distances from the start. */

import { type Paper, type Window, toMoment, toPaper, toPixel } from './spans'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const FOLD_ROOM = 64 // pixels that the mark of a fold keeps free on both sides

const STEPS = [
  ...[0.001, 0.01, 0.1, 1, 10, 100].flatMap((one) => [one, one * 2, one * 5]),
  ...[1, 2, 5, 10, 15, 30].map((one) => one * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((one) => one * MINUTE),
  ...[1, 2, 3, 6, 12].map((one) => one * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((one) => one * DAY),
]

/** A line of the axis. *fold* is how many milliseconds are left out here, if this marks a fold; its text is
 * empty where folds are too near to each other to be told apart. */
export interface Tick {
  x: number
  text: string
  fold?: number
}

/** How the axis is written: *zero* is the start for elapsed time, `null` for the clock's. */
export interface AxisStyle {
  zero: number | null
  offset: number // minutes of the local zone ahead of UTC
  spacing?: number // pixels between two ticks at least
}

/** Return the step in milliseconds of ticks that must be *least* milliseconds apart. */
export function step(least: number): number {
  return STEPS.find((one) => one >= least) ?? Math.ceil(least / (365 * DAY)) * 365 * DAY
}

/** Return the ticks of a window that is *width* pixels wide, from the left. */
export function ticks(sheet: Paper, seen: Window, width: number, style: AxisStyle): Tick[] {
  const spacing = style.spacing ?? 96
  const every = step(((seen.to - seen.from) / width) * spacing)
  if (!sheet.scaled) return stepTicks(sheet, seen, width, style, spacing)
  const base = style.zero ?? -style.offset * MINUTE
  const found: Tick[] = []
  for (const piece of sheet.pieces) {
    if (piece.to < seen.from || piece.from > seen.to) continue
    if (piece.folded) {
      const x = toPixel(seen, width, (piece.from + piece.to) / 2)
      while (found.length > 0 && found.at(-1)!.fold === undefined && x - found.at(-1)!.x < FOLD_ROOM) found.pop()
      const last = found.at(-1)
      const near = last?.fold !== undefined && x - last.x < FOLD_ROOM * 1.5
      found.push({ x, text: near ? '' : '⋯', fold: piece.end - piece.start })
      continue
    }
    const from = Math.max(piece.start, toMoment(sheet, Math.max(seen.from, piece.from)))
    const to = Math.min(piece.end, toMoment(sheet, Math.min(seen.to, piece.to)))
    for (let n = Math.ceil((from - base) / every); base + n * every <= to; n++) {
      const moment = base + n * every
      const x = toPixel(seen, width, toPaper(sheet, moment))
      const last = found.at(-1)
      const room = last?.fold === undefined ? spacing * 0.6 : FOLD_ROOM
      if (last && x - last.x < room) continue // short pieces between two folds
      found.push({ x, text: label(moment, every, style) })
    }
  }
  return found
}

/** Return the ticks of a paper by steps: at steps that are far enough apart, as fine as they are. */
function stepTicks(sheet: Paper, seen: Window, width: number, style: AxisStyle, spacing: number): Tick[] {
  const found: Tick[] = []
  for (const piece of sheet.pieces) {
    const x = toPixel(seen, width, piece.from)
    if (x < -1) continue
    if (x > width) break
    const last = found.at(-1)
    if (last && x - last.x < spacing) continue
    const every = piece.start - (style.zero ?? 0) < 10 * SECOND || style.zero === null ? 1 : SECOND
    found.push({ x, text: label(piece.start, style.zero === null ? SECOND : every, style) })
  }
  return found
}

function label(moment: number, every: number, style: AxisStyle): string {
  if (style.zero !== null) return elapsed(moment - style.zero, every)
  const at = new Date(moment + style.offset * MINUTE)
  const iso = at.toISOString()
  if (every >= DAY) return iso.slice(0, 10)
  if (every >= MINUTE) return at.getTime() % DAY === 0 ? iso.slice(5, 10) : iso.slice(11, 16)
  if (every >= SECOND) return iso.slice(11, 19)
  return `${iso.slice(17, 19)}.${fraction(at.getTime(), every)} s`
}

/** Return a distance from the start as ``+1:02:03``, ``+4.25 s`` or ``+3 d 4 h``, as fine as the step is. */
export function elapsed(distance: number, every: number): string {
  const ms = Math.round(distance * 1000) / 1000
  if (every < SECOND) {
    const seconds = Math.floor(ms / SECOND)
    return `+${clockOrSeconds(seconds)}.${fraction(ms, every)}${seconds < 60 ? ' s' : ''}`
  }
  const seconds = Math.round(ms / SECOND)
  if (every >= DAY) return `+${Math.round(seconds / 86400)} d`
  if (seconds >= 86400) {
    const rest = seconds % 86400
    return `+${Math.floor(seconds / 86400)} d${rest ? ` ${clockOrSeconds(rest)}` : ''}`
  }
  return seconds < 60 ? `+${seconds} s` : `+${clockOrSeconds(seconds)}`
}

function clockOrSeconds(seconds: number): string {
  if (seconds < 60) return String(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** Return the part below a second with as many decimals as a step of *every* milliseconds needs. */
function fraction(ms: number, every: number): string {
  const digits = every >= 100 ? 1 : every >= 10 ? 2 : every >= 1 ? 3 : 6
  const below = ((ms % SECOND) + SECOND) % SECOND
  const scaled = Math.round(below * 10 ** (digits - 3))
  return String(Math.min(scaled, 10 ** digits - 1)).padStart(digits, '0')
}
