import { describe, expect, it } from 'vitest'
import type { EventPage, EventView } from '../../lib/types'
import { NONE, SIZE, eventAt, matches, put, putMany, wanted } from './pages'

const event = (number: number, more: Partial<EventView> = {}): EventView => ({
  number,
  type: 'TaskScheduled',
  timestamp: null,
  eventId: number,
  name: null,
  answers: null,
  due: null,
  instanceId: null,
  input: null,
  result: null,
  failure: null,
  facts: {},
  ...more,
})
const answer = (part: number, total: number, executionId = 'x'): EventPage => ({
  executionId,
  events: Array.from({ length: Math.min(SIZE, total - part * SIZE) }, (_, n) => event(part * SIZE + n)),
  total,
  after: null,
})

describe('a long history', () => {
  it('is read where it is looked at', () => {
    const pages = put(NONE, 0, answer(0, 100_000))
    expect(wanted(pages, 0, 100)).toEqual([])
    expect(wanted(pages, 50_150, 50_250)).toEqual([250, 251])
    const more = put(pages, 250, answer(250, 100_000))
    expect(eventAt(more, 50_003)?.number).toBe(50_003)
    expect(eventAt(more, 90_000)).toBeUndefined()
  })

  it('begins with its first part', () => {
    expect(wanted(NONE, 0, 50)).toEqual([0])
  })

  it('is read on where it grew', () => {
    const pages = put(NONE, 0, answer(0, 150))
    const grown = { ...pages, total: 380 }
    expect(wanted(grown, 0, 380)).toEqual([0, 1])
  })

  it('takes several parts at once', () => {
    const whole = { ...answer(0, 450), events: Array.from({ length: 450 }, (_, n) => event(n)) }
    const pages = putMany(NONE, 0, whole)
    expect([...pages.parts.values()].map((one) => one.length)).toEqual([200, 200, 50])
    expect(eventAt(pages, 449)?.number).toBe(449)
  })

  it('begins anew with another execution', () => {
    const pages = put(put(NONE, 0, answer(0, 500)), 1, answer(1, 500))
    expect(put(pages, 0, answer(0, 500, 'y')).parts.size).toBe(1)
    expect(put(pages, 0, answer(0, 300)).parts.size).toBe(1)
  })
})

describe('a filter', () => {
  it('looks into payloads, of any case', () => {
    const input = { text: '{"City":"Oslo"}', size: 15, cut: false, redacted: false, blob: null, missing: null }
    expect(matches(event(1, { input }), 'oslo', new Set())).toBe(true)
    expect(matches(event(1, { input }), 'oslo', new Set(['TimerFired']))).toBe(false)
    expect(matches(event(1, { failure: 'Boom' }), 'nothing', new Set())).toBe(false)
  })
})
