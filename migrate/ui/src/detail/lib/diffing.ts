/** A difference of two histories as it is shown: long stretches that are the same are closed. */

import type { DiffLine } from '../../lib/types'

/** A line of the view: a step of the difference, or a closed stretch of *count* equal ones from *first* on. */
export type DiffRow =
  { kind: 'step'; index: number; line: DiffLine } | { kind: 'closed'; first: number; count: number }

/** Return the rows: of equal steps only *near* around each difference, and those in *opened* stretches. */
export function diffRows(lines: readonly DiffLine[], opened: ReadonlySet<number>, near = 2): DiffRow[] {
  const wanted = new Uint8Array(lines.length)
  lines.forEach((line, index) => {
    if (line.change === 'same') return
    for (let at = Math.max(index - near, 0); at <= Math.min(index + near, lines.length - 1); at++)
      wanted[at] = 1
  })
  const rows: DiffRow[] = []
  for (let index = 0; index < lines.length;) {
    let end = index
    while (end < lines.length && !wanted[end]) end++
    if (end - index > 1 && !opened.has(index)) {
      rows.push({ kind: 'closed', first: index, count: end - index })
      index = end
      continue
    }
    end = Math.max(end, index + 1)
    for (; index < end; index++) rows.push({ kind: 'step', index, line: lines[index]! })
  }
  return rows
}

/** Return the index of the next difference behind *from* (or before it), around the end; `null` without any. */
export function nextDifference(lines: readonly DiffLine[], from: number, forward: boolean): number | null {
  const count = lines.length
  for (let n = 1; n <= count; n++) {
    const index = (((from + (forward ? n : -n)) % count) + count) % count
    if (lines[index]!.change !== 'same') return index
  }
  return null
}

/** A text in three parts: what both have in front, what differs, what both have behind. */
export interface Parts {
  before: string
  changed: string
  after: string
}

/** Return both texts with what differs apart; no pair of surrogates is torn. */
export function split(left: string, right: string): [Parts, Parts] {
  const most = Math.min(left.length, right.length)
  let front = 0
  while (front < most && left[front] === right[front]) front++
  if (front > 0 && isHigh(left.charCodeAt(front - 1))) front--
  let back = 0
  while (back < most - front && left[left.length - 1 - back] === right[right.length - 1 - back]) back++
  if (back > 0 && isLow(left.charCodeAt(left.length - back))) back--
  const cut = (text: string): Parts => ({
    before: text.slice(0, front),
    changed: text.slice(front, text.length - back),
    after: text.slice(text.length - back),
  })
  return [cut(left), cut(right)]
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/** Return a member's value as text: what is not a text is JSON, what is not there is empty. */
export function memberText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'object' && 'text' in value && 'size' in value)
    return typeof value.text === 'string' ? value.text : ''
  return JSON.stringify(value)
}
