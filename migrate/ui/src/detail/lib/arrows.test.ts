import { describe, expect, it } from 'vitest'
import type { Sequence } from '../../lib/types'
import { layOut, seen } from './arrows'

const arrow = (from: number, to: number, text = 'x') => ({
  from,
  to,
  text,
  outcome: 'completed',
  at: null,
  count: 1,
  event: null,
})
const sequence = (lanes: string[], arrows: Sequence['arrows']): Sequence => ({ lanes, kinds: lanes.map(() => 'activity'), arrows, mermaid: '', truncated: 0 })

describe('a sequence diagram', () => {
  it('has an arrow between two participants', () => {
    const drawing = layOut(sequence(['Order', 'Charge'], [arrow(0, 1), arrow(1, 0)]))
    const [there, back] = drawing.arrows
    expect(there!.from).toBe(drawing.lanes[0]!.x)
    expect(back!.to).toBe(drawing.lanes[0]!.x)
    expect(back!.y).toBeGreaterThan(there!.y)
  })

  it('has room for the text between neighbours', () => {
    const short = layOut(sequence(['A', 'B'], [arrow(0, 1, 'x')]))
    const long = layOut(sequence(['A', 'B'], [arrow(0, 1, 'a long name of an activity')]))
    const gap = (one: typeof short) => one.lanes[1]!.x - one.lanes[0]!.x
    expect(gap(long)).toBeGreaterThan(gap(short))
    expect(gap(long)).toBeGreaterThan(26 * 7)
  })

  it('tells answers from what was asked', () => {
    const diagram = { ...sequence(['client', 'Order', 'Charge'], [arrow(0, 1), arrow(1, 2), arrow(2, 1), arrow(1, 0)]) }
    diagram.kinds = ['client', 'orchestrator', 'activity']
    expect(layOut(diagram).arrows.map((one) => one.answer)).toEqual([false, false, true, true])
  })

  it('draws only the arrows that are seen', () => {
    const many = layOut(sequence(['A', 'B'], Array.from({ length: 20_000 }, () => arrow(0, 1))))
    const few = seen(many, 300_000, 800)
    expect(few.length).toBeLessThan(40)
    expect(few.some((one) => one.y > 300_000 && one.y < 300_800)).toBe(true)
  })

  it('knows a step of a participant with itself', () => {
    expect(layOut(sequence(['A'], [arrow(0, 0)])).arrows[0]!.self).toBe(true)
    expect(layOut(sequence([], []))).toMatchObject({ width: 0, arrows: [] })
  })
})
