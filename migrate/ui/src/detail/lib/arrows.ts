// The layout of a sequence diagram: where participants stand, and at which height every arrow is.
import type { Sequence } from '../../lib/types'

const LETTER = 7
const LEAST = 120
const MOST = 260
export const HEAD = 44
export const STEP = 34

export interface Arrow {
  index: number
  from: number // pixels
  to: number
  y: number
  text: string
  outcome: string
  at: string | null
  self: boolean
  count: number
  event: number | null
  answer: boolean
}

export interface Drawing {
  lanes: { text: string; kind: string; x: number; width: number }[]
  arrows: Arrow[]
  width: number
  height: number
}

/** Return the layout of a diagram: participants are as far apart as the texts between neighbours need. */
export function layOut(sequence: Sequence): Drawing {
  const widths = sequence.lanes.map((text) => bounded(text.length * LETTER + 28))
  const gaps = widths.map((width, n) => (width + (widths[n + 1] ?? width)) / 2 + 16)
  sequence.arrows.forEach((arrow) => {
    const { from, to } = arrow
    const gap = Math.min(from, to)
    if (Math.abs(from - to) === 1)
      gaps[gap] = Math.max(gaps[gap]!, Math.min(arrow.text.length * LETTER + 40, MOST))
  })
  let x = (widths[0] ?? 0) / 2 + 12
  const lanes = sequence.lanes.map((text, n) => {
    const place = { text, kind: sequence.kinds[n] ?? '', x, width: widths[n]! }
    x += gaps[n]!
    return place
  })
  const arrows = sequence.arrows.map((arrow, index) => {
    const { from, to } = arrow
    return {
      index,
      from: lanes[from]?.x ?? 0,
      to: lanes[to]?.x ?? 0,
      y: HEAD + (index + 1) * STEP,
      text: arrow.text,
      outcome: arrow.outcome,
      at: arrow.at,
      self: from === to,
      count: arrow.count,
      event: arrow.event,
      answer: isAnswer(sequence.kinds[from] ?? '', sequence.kinds[to] ?? ''),
    }
  })
  const last = lanes.at(-1)
  return {
    lanes,
    arrows,
    width: last ? last.x + Math.max(last.width / 2, LEAST) + 12 : 0,
    height: HEAD + (arrows.length + 1) * STEP,
  }
}

/** What is asked goes down from clients to orchestrators to the rest; answers come back. */
const RANKS: Record<string, number> = { client: 0, parent: 0, orchestrator: 1 }

function isAnswer(from: string, to: string): boolean {
  return (RANKS[from] ?? 2) > (RANKS[to] ?? 2)
}

function bounded(width: number): number {
  return Math.min(Math.max(width, LEAST), MOST)
}

/** Return the arrows that a view of *height* pixels from *top* on shows. */
export function seen(drawing: Drawing, top: number, height: number): Arrow[] {
  const first = Math.max(Math.floor((top - HEAD) / STEP) - 3, 0)
  const end = Math.ceil((top + height - HEAD) / STEP) + 3
  return drawing.arrows.slice(first, Math.max(end, first))
}
