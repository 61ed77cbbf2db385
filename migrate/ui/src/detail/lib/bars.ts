/** Bars of a timeline: which rectangles a window shows, which of them can be told apart, which is under a point. */

import type { Group, Timeline } from '../../lib/types'
import { type Paper, type Stretch, type Window, paper, steps, toPaper, toPixel } from './spans'

/** A group with its place: *index* in the timeline's groups, moments in milliseconds. */
export interface Span extends Stretch {
  index: number
  lane: number
  kind: string
  outcome: string
  label: string
  parts: Part[]
  open: boolean
}

/** One try inside of a span. */
export interface Part extends Stretch {
  number: number
  outcome: string
}

/** A rectangle to draw: *merged* spans that are too narrow to be told apart are one. */
export interface Bar {
  span: Span
  x: number
  width: number
  lane: number
  merged: number
}

/** All spans of a timeline, by lane and start, and where each lane begins in them. */
export interface Spans {
  all: Span[]
  lanes: number[][] // indexes into *all*, by start
  start: number
  end: number
  longest: number[] // by lane: the longest span, so that a search need not look farther back
}

const THIN = 2 // pixels that a bar has at least

/** Return the spans of *timeline*; those without an end reach to *now* or to where the timeline does. */
export function spans(timeline: Timeline, now: number): Spans {
  const start = timeline.start ? Date.parse(timeline.start) : now
  const until = timeline.until ? Date.parse(timeline.until) : start
  const end = Math.max(timeline.open ? Math.max(now, until) : until, start)
  const all = timeline.groups.map((group, index) => span(group, index, start, end))
  const lanes: number[][] = Array.from({ length: laneCount(timeline) }, () => [])
  for (const one of all) lanes[one.lane]!.push(one.index)
  for (const lane of lanes) lane.sort((a, b) => all[a]!.start - all[b]!.start)
  const longest = lanes.map((lane) =>
    lane.reduce((most, one) => Math.max(most, all[one]!.end - all[one]!.start), 0),
  )
  return { all, lanes, start, end, longest }
}

function laneCount(timeline: Timeline): number {
  return timeline.groups.reduce((most, one) => Math.max(most, one.lane + 1), timeline.lanes)
}

function span(group: Group, index: number, start: number, end: number): Span {
  const from = group.start ? Date.parse(group.start) : start
  const open = group.end === null && group.outcome === 'open'
  const to = group.end ? Date.parse(group.end) : open ? end : from
  return {
    index,
    lane: group.lane,
    kind: group.kind,
    outcome: group.outcome,
    label: group.name ?? group.kind,
    start: from,
    end: Math.max(to, from),
    open,
    parts: group.attempts.map((one) => {
      const begun = one.scheduled ? Date.parse(one.scheduled) : from
      const ended = one.ended ? Date.parse(one.ended) : open ? end : to
      return { number: one.number, outcome: one.outcome, start: begun, end: Math.max(ended, begun) }
    }),
  }
}

/** How time is laid out: to scale, with idle stretches folded, or by steps. */
export type Scale = 'time' | 'folded' | 'steps'

export function paperOf(timeline: Timeline, spans: Spans, scale: Scale): Paper {
  if (scale === 'steps') {
    const moments = spans.all.flatMap((one) => [one.start, one.end])
    return steps([spans.start, spans.end, ...moments])
  }
  const idle = timeline.idle.map((one) => ({
    start: Date.parse(one.start),
    end: Date.parse(one.end),
  }))
  return paper(spans.start, spans.end, scale === 'folded' ? idle : [])
}

/** Return the bars in lanes *first* to *end* that a window of *width* pixels shows. */
export function bars(
  spans: Spans,
  sheet: Paper,
  seen: Window,
  width: number,
  first: number,
  end: number,
): Bar[] {
  const found: Bar[] = []
  for (let lane = Math.max(first, 0); lane < Math.min(end, spans.lanes.length); lane++) {
    let last: Bar | null = null
    for (const index of spans.lanes[lane]!) {
      const span = spans.all[index]!
      const from = toPixel(seen, width, toPaper(sheet, span.start))
      if (from > width) break
      const to = toPixel(seen, width, toPaper(sheet, span.end))
      if (to < 0 && from < 0) continue
      if (last && last.width <= THIN + 1 && from - last.x < THIN && to - from <= THIN) {
        last.merged++
        last.width = Math.max(last.x + last.width, from + THIN) - last.x
        if (rank(span) > rank(last.span)) last.span = span
        continue
      }
      last = { span, x: from, width: Math.max(to - from, THIN), lane, merged: 1 }
      found.push(last)
    }
  }
  return found
}

/** What of several bars at the same pixel is shown: failures before what is open, then the rest. */
function rank(span: Span): number {
  return span.outcome === 'failed' ? 2 : span.open ? 1 : 0
}

/** Return the bar at a point, the nearest within *reach* pixels. */
export function barAt(bars: readonly Bar[], x: number, lane: number, reach = 4): Bar | null {
  let best: Bar | null = null
  let least = reach
  for (const one of bars) {
    if (one.lane !== lane) continue
    const distance = x < one.x ? one.x - x : Math.max(x - one.x - one.width, 0)
    if (distance < least || (distance === 0 && least === 0)) {
      best = one
      least = distance
    }
  }
  return best
}

/** Where a label goes: inside of its bar, behind it as far as there is room, or nowhere. */
export interface Label {
  bar: Bar
  x: number
  width: number
  inside: boolean
}

/** Return the labels of *bars*, at most *most*; *letter* is the width of one. */
export function labels(
  bars: readonly Bar[],
  sheet: Paper,
  seen: Window,
  width: number,
  letter: number,
  most: number,
): Label[] {
  const found: Label[] = []
  for (let i = 0; i < bars.length && found.length < most; i++) {
    const bar = bars[i]!
    if (bar.merged > 1) continue
    const next = bars[i + 1]
    const wanted = bar.span.label.length * letter + 24
    const [left, right] = roomiest(bar, sheet, seen, width)
    const from = Math.max(left, 0)
    const inner = Math.min(right, width) - from
    if (inner >= Math.min(wanted, 160)) {
      found.push({ bar, x: from, width: inner, inside: true })
      continue
    }
    const behind = bar.x + bar.width
    const limit = next && next.lane === bar.lane ? next.x : width
    if (limit - behind >= Math.min(wanted, 44) && behind < width)
      found.push({ bar, x: behind, width: limit - behind, inside: false })
  }
  return found
}

/** Return the pixels of a bar that a label may cover: of one with several tries the longest of them. */
function roomiest(bar: Bar, sheet: Paper, seen: Window, width: number): [number, number] {
  const { parts } = bar.span
  if (parts.length <= 1) return [bar.x, bar.x + bar.width]
  let best: [number, number] = [bar.x, bar.x]
  for (const part of parts) {
    const from = toPixel(seen, width, toPaper(sheet, part.start))
    const to = toPixel(seen, width, toPaper(sheet, part.end))
    if (to - from > best[1] - best[0]) best = [from, to]
  }
  return best
}

/** Where a key leads from a span. */
export type Step = 'next' | 'previous' | 'up' | 'down' | 'first' | 'last'

/** Return the index of the span that a key leads to: in order of time, or the nearest in the lane beside. */
export function move(spans: Spans, from: number | null, step: Step): number | null {
  if (spans.all.length === 0) return null
  const order = byTime(spans)
  if (from === null || step === 'first') return order[0]!
  if (step === 'last') return order.at(-1)!
  if (step === 'next' || step === 'previous') {
    const place = order.indexOf(from) + (step === 'next' ? 1 : -1)
    return order[Math.min(Math.max(place, 0), order.length - 1)]!
  }
  const here = spans.all[from]!
  const by = step === 'down' ? 1 : -1
  for (let lane = here.lane + by; lane >= 0 && lane < spans.lanes.length; lane += by) {
    const near = nearest(spans, lane, here)
    if (near !== null) return near
  }
  return from
}

function nearest(spans: Spans, lane: number, here: Stretch): number | null {
  let best: number | null = null
  let least = Infinity
  for (const index of spans.lanes[lane]!) {
    const one = spans.all[index]!
    const distance = Math.max(one.start - here.end, here.start - one.end, 0)
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

const orders = new WeakMap<Spans, number[]>()

function byTime(spans: Spans): number[] {
  let order = orders.get(spans)
  if (!order) {
    order = spans.all.map((one) => one.index)
    order.sort((a, b) => spans.all[a]!.start - spans.all[b]!.start || a - b)
    orders.set(spans, order)
  }
  return order
}
