import { describe, expect, it } from 'vitest'
import { between, length, parse, relative, show } from './time'

const AT = '2026-11-22T00:14:41.1234567Z'

describe('times', () => {
  it('are read with seven decimals', () => {
    expect(parse(AT)).toBe(Date.UTC(2026, 10, 22, 0, 14, 41, 123))
    expect([parse(null), parse(''), parse('no time')]).toEqual([null, null, null])
  })

  it('are shown in UTC, fine or not', () => {
    expect(show(AT, 'utc')).toBe('2026-11-22 00:14:41')
    expect(show(AT, 'utc', true)).toBe('2026-11-22 00:14:41.123')
    expect(show(null, 'utc')).toBe('')
  })

  it('are shown as this computer has them', () => {
    const date = new Date(parse(AT) ?? 0)
    expect(show(AT, 'local').slice(11, 13)).toBe(String(date.getHours()).padStart(2, '0'))
  })

  it.each([
    [0, '0 ms'], [0.0421, '42 ms'], [0.2, '0.2 s'], [2, '2 s'], [9.96, '10 s'], [41.4, '41 s'], [60, '1 min'], [303, '5 min 3 s'],
    [3599.6, '1 h'], [7800, '2 h 10 min'], [86_400, '1 d'], [273_600, '3 d 4 h'], [-5, '-5 s'], [null, ''], [Number.NaN, ''],
  ])('a length of %s seconds is "%s"', (seconds, text) => {
    expect(length(seconds)).toBe(text)
  })

  it('have a distance from now', () => {
    const now = parse(AT) ?? 0
    expect(relative(AT, now + 12_000)).toBe('12 s ago')
    expect(relative(AT, now - 300_000)).toBe('in 5 min')
    expect(relative(AT, now + 400)).toBe('now')
    expect(between(AT, null, now + 2500)).toBe(2.5)
    expect(between(null, AT, now)).toBe(null)
  })
})
