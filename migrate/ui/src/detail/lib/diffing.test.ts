import { describe, expect, it } from 'vitest'
import type { DiffLine } from '../../lib/types'
import { diffRows, memberText, nextDifference, split } from './diffing'

const line = (change: DiffLine['change']): DiffLine => ({ change, left: null, right: null, members: {} })
const lines = (pattern: string) =>
  [...pattern].map((one) =>
    line(one === '.' ? 'same' : one === 'l' ? 'left' : one === 'r' ? 'right' : 'changed'),
  )
const drawn = (pattern: string, opened: number[] = []) =>
  diffRows(lines(pattern), new Set(opened), 2)
    .map((row) => (row.kind === 'closed' ? `(${row.count})` : pattern[row.index]))
    .join('')

describe('a difference', () => {
  it('closes what is the same, and leaves two steps around what is not', () => {
    expect(drawn('..........c..........')).toBe('(8)..c..(8)')
    expect(drawn('.....l....r.....')).toBe('(3)..l....r..(3)')
  })

  it('does not close a single step', () => {
    expect(drawn('...c.....c...')).toBe('...c.....c...')
  })

  it('is one closed stretch where nothing differs', () => {
    expect(drawn('......')).toBe('(6)')
    expect(drawn('')).toBe('')
  })

  it('shows a stretch that was opened', () => {
    expect(drawn('......c', [0])).toBe('......c')
  })

  it('has every step once, in order', () => {
    const pattern = '...c....l.........rr.c......'
    const rows = diffRows(lines(pattern), new Set(), 1)
    let next = 0
    for (const row of rows) {
      expect(row.kind === 'closed' ? row.first : row.index).toBe(next)
      next += row.kind === 'closed' ? row.count : 1
    }
    expect(next).toBe(pattern.length)
  })

  it('is walked through from one step that differs to the next, around the end', () => {
    const all = lines('..c...r.')
    expect(nextDifference(all, -1, true)).toBe(2)
    expect(nextDifference(all, 2, true)).toBe(6)
    expect(nextDifference(all, 6, true)).toBe(2)
    expect(nextDifference(all, 2, false)).toBe(6)
    expect(nextDifference(lines('....'), 0, true)).toBeNull()
  })
})

describe('two texts', () => {
  it('have what differs apart', () => {
    const [left, right] = split('{"amount":10}', '{"amount":1250}')
    expect([left.before, left.changed, left.after]).toEqual(['{"amount":1', '', '0}'])
    expect(right.changed).toBe('25')
  })

  it('are put together again', () => {
    for (const [a, b] of [
      ['', 'x'],
      ['aa', 'a'],
      ['abc', 'abc'],
      ['x😀y', 'x😁y'],
      ['😀', '😁'],
    ])
      for (const [one, text] of [
        [split(a!, b!)[0], a],
        [split(a!, b!)[1], b],
      ] as const)
        expect(one.before + one.changed + one.after).toBe(text)
  })

  it('never tear a character', () => {
    const [left, right] = split('x😀y', 'x😁y')
    expect([left.changed, right.changed]).toEqual(['😀', '😁'])
  })
})

describe('a member', () => {
  it('is text', () => {
    expect(memberText({ text: 'abc', size: 3 })).toBe('abc')
    expect(memberText(7)).toBe('7')
    expect(memberText(null)).toBe('')
  })
})
