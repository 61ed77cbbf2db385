import { describe, expect, it } from 'vitest'
import type { Group, Timeline } from '../../lib/types'
import { barAt, bars, labels, move, paperOf, spans } from './bars'
import { everything } from './spans'

const START = Date.parse('2026-01-01T00:00:00Z')
const iso = (ms: number) => new Date(START + ms).toISOString()

function group(lane: number, from: number, to: number | null, more: Partial<Group> = {}): Group {
  return {
    kind: 'activity',
    name: 'Charge',
    start: iso(from),
    end: to === null ? null : iso(to),
    outcome: to === null ? 'open' : 'completed',
    attempts: [],
    events: [],
    lane,
    episode: 0,
    instanceId: null,
    due: null,
    failure: null,
    wait: null,
    run: null,
    ...more,
  }
}

function timeline(groups: Group[], until: number, open = false): Timeline {
  return { start: iso(0), until: iso(until), open, groups, idle: [], lanes: 0, truncated: 0 }
}

const shown = (line: Timeline, now = START) => {
  const all = spans(line, now)
  const sheet = paperOf(line, all, 'folded')
  const seen = everything(sheet)
  return { all, sheet, seen, bars: bars(all, sheet, seen, 1020, 0, all.lanes.length) }
}

describe('bars', () => {
  it('are to scale in their lanes', () => {
    const { bars } = shown(timeline([group(0, 0, 500), group(1, 500, 1000)], 1000))
    expect(bars.map(({ x, width, lane }) => [Math.round(x), Math.round(width), lane])).toEqual([
      [0, 500, 0],
      [500, 500, 1],
    ])
  })

  it('of what is open grow until now', () => {
    const line = timeline([group(0, 100, null)], 200, true)
    expect(spans(line, START + 900).all[0]!.end).toBe(START + 900)
    expect(spans(line, START + 50).all[0]!.end).toBe(START + 200)
  })

  it('keep what has no end and is not open at its start', () => {
    const line = timeline([group(0, 100, null, { outcome: 'completed', kind: 'sent' })], 200)
    expect(spans(line, START).all[0]).toMatchObject({ start: START + 100, end: START + 100 })
  })

  it('that cannot be told apart are one, and a failure among them shows', () => {
    const groups = Array.from({ length: 20_000 }, (_, n) =>
      group(0, n * 50, n * 50 + 1, n === 7777 ? { outcome: 'failed' } : {}),
    )
    const { bars } = shown(timeline(groups, 1_000_000))
    expect(bars.length).toBeLessThanOrEqual(1020)
    expect(bars.reduce((sum, one) => sum + one.merged, 0)).toBe(20_000)
    expect(bars.filter((one) => one.span.outcome === 'failed')).toHaveLength(1)
  })

  it('outside of the window or of the lanes seen are left out', () => {
    const line = timeline([group(0, 0, 100), group(0, 800, 900), group(3, 0, 1000)], 1000)
    const all = spans(line, START)
    const sheet = paperOf(line, all, 'time')
    const found = bars(all, sheet, { from: 500, to: 1000 }, 500, 0, 2)
    expect(found.map((one) => one.span.index)).toEqual([1])
  })

  it('are found under a point, thin ones within a few pixels', () => {
    const { bars } = shown(timeline([group(0, 0, 1), group(0, 500, 600)], 1000))
    expect(barAt(bars, 4, 0)?.span.index).toBe(0)
    expect(barAt(bars, 550, 0)?.span.index).toBe(1)
    expect(barAt(bars, 300, 0)).toBeNull()
    expect(barAt(bars, 550, 1)).toBeNull()
  })
})

describe('labels', () => {
  it('are inside of long bars and behind short ones', () => {
    const { bars, sheet, seen } = shown(timeline([group(0, 0, 500), group(1, 0, 10)], 1000))
    expect(labels(bars, sheet, seen, 1020, 7, 100).map((one) => one.inside)).toEqual([true, false])
  })

  it('are left out where the next bar has no room for them', () => {
    const { bars, sheet, seen } = shown(timeline([group(0, 0, 5), group(0, 20, 500)], 1000))
    expect(labels(bars, sheet, seen, 1020, 7, 100).map((one) => one.bar.span.index)).toEqual([1])
  })
})

describe('the label of several tries', () => {
  it('is in the longest of them', () => {
    const attempt = (number: number, from: number, to: number) => ({
      number,
      scheduled: iso(from),
      ended: iso(to),
      outcome: 'failed',
      first: 0,
      last: 1,
      failure: null,
    })
    const attempts = [attempt(1, 0, 20), attempt(2, 300, 700), attempt(3, 980, 1000)]
    const { bars, sheet, seen } = shown(timeline([group(0, 0, 1000, { attempts })], 1000))
    expect(labels(bars, sheet, seen, 1020, 7, 100)).toMatchObject([{ x: 300, width: 400, inside: true }])
  })
})

describe('keys', () => {
  const line = timeline([group(0, 0, 100), group(1, 50, 60), group(0, 200, 300), group(2, 210, 220)], 300)
  const all = spans(line, START)

  it('lead through time', () => {
    expect(move(all, null, 'next')).toBe(0)
    expect(move(all, 0, 'next')).toBe(1)
    expect(move(all, 3, 'next')).toBe(3)
    expect(move(all, 2, 'previous')).toBe(1)
    expect(move(all, 0, 'last')).toBe(3)
  })

  it('lead to the nearest span of another lane', () => {
    expect(move(all, 2, 'down')).toBe(1)
    expect(move(all, 3, 'up')).toBe(1)
    expect(move(all, 0, 'up')).toBe(0)
  })
})
