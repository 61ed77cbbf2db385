import { describe, expect, it } from 'vitest'
import type { Group, Timeline } from '../../lib/types'
import { spans } from './bars'
import { escape, toMermaid, toSvg } from './picture'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString()
const group = (name: string, from: number, to: number | null, lane: number): Group => ({
  kind: 'activity',
  name,
  start: at(from),
  end: to === null ? null : at(to),
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
})
const timeline: Timeline = {
  start: at(0),
  until: at(10),
  open: true,
  groups: [group('<script>alert(1)</script>', 0, 5, 0), group('Ship: now; #1', 5, null, 1)],
  idle: [],
  lanes: 2,
  truncated: 0,
}
const all = spans(timeline, Date.parse(at(10)))

describe('a picture', () => {
  it('has names as text alone', () => {
    const svg = toSvg(timeline, all, 'folded', 'a & b')
    expect(svg).not.toContain('<script')
    expect(svg).toContain('&#60;script&#62;')
    expect(svg).toContain('a &#38; b')
    expect(svg.match(/<rect/g)).toHaveLength(3)
  })

  it('has no character that XML has not', () => {
    expect(escape('a\u0000b\u001f"')).toBe('ab&#34;')
  })

  it('is text for Mermaid without what has a meaning there', () => {
    const text = toMermaid(all, 'Order: 7')
    expect(text).toContain('title Order 7')
    expect(text).toMatch(/ {2}Ship now 1 :active, \d+, \d+\n/)
    expect(text.split('section')).toHaveLength(2)
  })

  it('says what was left out', () => {
    expect(toMermaid(all, 'x', 1)).toContain('1 more are left out')
  })
})
