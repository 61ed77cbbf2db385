/**
 * Time as a timeline shows it: stretches in which nothing happened are folded, the rest is to scale.
 *
 * Three measures: *moments* are milliseconds since 1970; *paper* is the same with every fold shortened to
 * a fixed length, starting at 0; *pixels* come from a window on the paper. Everything is plain arithmetic.
 */

/** A stretch of moments. */
export interface Stretch {
  start: number
  end: number
}

/** A stretch with its place on the paper; *folded* ones are shorter there than in time. */
export interface Piece extends Stretch {
  from: number
  to: number
  folded: boolean
}

/** The whole paper. *scaled* tells that outside of folds equal lengths are equal times. */
export interface Paper {
  pieces: Piece[]
  length: number
  scaled: boolean
}

/** What of the paper is seen. */
export interface Window {
  from: number
  to: number
}

const FOLD_SHARE = 0.04 // of what is to scale; each fold is as long as the others
const SHORTEST = 1 // a paper is never shorter, so that nothing divides by zero
const NARROWEST = 0.5 // milliseconds that a window shows at least

/** Lay out the paper from *start* to *end*; *idle* stretches are folded unless there is nothing to gain. */
export function paper(start: number, end: number, idle: readonly Stretch[]): Paper {
  const whole = Math.max(end - start, SHORTEST)
  const folds = tidy(start, start + whole, idle)
  const quiet = folds.reduce((sum, one) => sum + one.end - one.start, 0)
  const fold = Math.max((whole - quiet) * FOLD_SHARE, SHORTEST)
  const pieces: Piece[] = []
  let moment = start
  let at = 0
  const add = (until: number, folded: boolean, length: number) => {
    if (until <= moment) return
    pieces.push({ start: moment, end: until, from: at, to: at + length, folded })
    moment = until
    at += length
  }
  for (const one of folds) {
    if (one.end - one.start <= fold) continue // shorter as it is
    add(one.start, false, one.start - moment)
    add(one.end, true, fold)
  }
  add(start + whole, false, start + whole - moment)
  return { pieces, length: at, scaled: true }
}

/**
 * Lay out the paper by steps: from each of *moments* to the next it is not much farther than between others,
 * a day is some times as long as a millisecond. What happens after what is seen, how long it took is not.
 */
export function steps(moments: readonly number[]): Paper {
  const order = Float64Array.from(moments).sort()
  const pieces: Piece[] = []
  let at = 0
  for (let n = 1; n < order.length; n++) {
    const [start, end] = [order[n - 1]!, order[n]!]
    if (end <= start) continue
    const to = at + 100 * (1 + Math.log10(1 + end - start))
    pieces.push({ start, end, from: at, to, folded: false })
    at = to
  }
  if (pieces.length > 0) return { pieces, length: at, scaled: false }
  return paper(order[0] ?? 0, order[0] ?? 0, [])
}

function tidy(start: number, end: number, idle: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = []
  for (const one of [...idle].sort((a, b) => a.start - b.start)) {
    const from = Math.max(one.start, start, found.at(-1)?.end ?? start)
    const to = Math.min(one.end, end)
    if (to > from) found.push({ start: from, end: to })
  }
  return found
}

/** Return where on the paper a moment is; before the start and behind the end it goes on to scale. */
export function toPaper(sheet: Paper, moment: number): number {
  const first = sheet.pieces[0]
  if (!first) return 0
  if (moment < first.start) return moment - first.start
  const piece = sheet.pieces[search(sheet.pieces, moment, (one) => one.start)]!
  if (moment > piece.end) return piece.to + (moment - piece.end)
  return piece.from + (moment - piece.start) * scale(piece)
}

/** Return the moment at a place on the paper: the contrary of `toPaper`. */
export function toMoment(sheet: Paper, place: number): number {
  const first = sheet.pieces[0]
  if (!first) return 0
  if (place < 0) return first.start + place
  const piece = sheet.pieces[search(sheet.pieces, place, (one) => one.from)]!
  if (place > piece.to) return piece.end + (place - piece.to)
  return piece.start + (place - piece.from) / scale(piece)
}

function scale(piece: Piece): number {
  return (piece.to - piece.from) / (piece.end - piece.start)
}

/** Return the index of the last piece whose *key* is not greater than *value*. */
function search(pieces: readonly Piece[], value: number, key: (one: Piece) => number): number {
  let low = 0
  let high = pieces.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (key(pieces[middle]!) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** Return the window that shows everything, with a little air on the right. */
export function everything(sheet: Paper): Window {
  return { from: 0, to: Math.max(sheet.length, SHORTEST) * 1.02 }
}

/** Zoom by *factor* (above 1 comes closer); what is at *share* (0 left to 1 right) stays where it is. */
export function zoom(sheet: Paper, seen: Window, factor: number, share: number): Window {
  const all = everything(sheet)
  const width = seen.to - seen.from
  const wanted = clamp(width / factor, Math.min(NARROWEST, all.to), all.to)
  const anchor = seen.from + width * share
  return inside(sheet, { from: anchor - wanted * share, to: anchor + wanted * (1 - share) })
}

/** Move the window by a share of its width (1 is a whole window to the right). */
export function pan(sheet: Paper, seen: Window, share: number): Window {
  const by = (seen.to - seen.from) * share
  return inside(sheet, { from: seen.from + by, to: seen.to + by })
}

/** Return the window that has these moments in it, with some air around, for going to a span. */
export function around(sheet: Paper, one: Stretch): Window {
  const from = toPaper(sheet, one.start)
  const to = toPaper(sheet, one.end)
  const air = Math.max((to - from) * 0.5, sheet.length * 0.002, NARROWEST)
  return inside(sheet, { from: from - air, to: to + air })
}

/** Return *seen* moved and cut so that it lies on the paper. */
export function inside(sheet: Paper, seen: Window): Window {
  const all = everything(sheet)
  const width = Math.min(seen.to - seen.from, all.to)
  const from = clamp(seen.from, 0, all.to - width)
  return { from, to: from + width }
}

/** Keep a window when the paper grows: one that reached the end goes on to reach it. */
export function grown(before: Paper, after: Paper, seen: Window): Window {
  const all = everything(before)
  if (seen.from <= 0 && seen.to >= all.to - 1e-6) return everything(after)
  if (seen.to < before.length) {
    const shift = toPaper(after, toMoment(before, seen.from)) - seen.from
    return inside(after, { from: seen.from + shift, to: seen.to + shift })
  }
  const width = seen.to - seen.from
  return inside(after, { from: everything(after).to - width, to: everything(after).to })
}

/** Return the pixel of a place on the paper. */
export function toPixel(seen: Window, width: number, place: number): number {
  return ((place - seen.from) / (seen.to - seen.from)) * width
}

/** Return the place on the paper of a pixel. */
export function fromPixel(seen: Window, width: number, pixel: number): number {
  return seen.from + (pixel / width) * (seen.to - seen.from)
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
