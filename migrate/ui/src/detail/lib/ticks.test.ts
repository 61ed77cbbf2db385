import { describe, expect, it } from 'vitest'
import { everything, paper, steps } from './spans'
import { elapsed, step, ticks } from './ticks'

const HOUR = 3_600_000
const START = Date.parse('2026-03-01T10:17:23Z')

describe('ticks', () => {
  it('stand at round moments of the clock', () => {
    const sheet = paper(START, START + HOUR, [])
    const found = ticks(sheet, everything(sheet), 800, { zero: null, offset: 0 })
    expect(found.map((one) => one.text)).toEqual(['10:20', '10:30', '10:40', '10:50', '11:00', '11:10'])
  })

  it('follow the zone of the reader', () => {
    const sheet = paper(START, START + HOUR, [])
    const found = ticks(sheet, everything(sheet), 400, { zero: null, offset: 330 })
    expect(found[0]!.text).toBe('16:00')
  })

  it('count from the start if elapsed time is wanted', () => {
    const sheet = paper(START, START + 60_000, [])
    const found = ticks(sheet, everything(sheet), 500, { zero: START, offset: 0 })
    expect(found.map((one) => one.text)).toEqual(['+0 s', '+15 s', '+30 s', '+45 s', '+1:00'])
  })

  it('mark a fold with what it leaves out', () => {
    const sheet = paper(START, START + 50 * HOUR, [{ start: START + HOUR, end: START + 49 * HOUR }])
    const found = ticks(sheet, everything(sheet), 900, { zero: START, offset: 0 })
    expect(found.filter((one) => one.fold)).toMatchObject([{ fold: 48 * HOUR }])
  })

  it('of a paper by steps stand at steps', () => {
    const sheet = steps([START, START + 250, START + 50 * HOUR, START + 50 * HOUR + 1000])
    const found = ticks(sheet, everything(sheet), 900, { zero: START, offset: 0 })
    expect(found.map((one) => one.text)).toEqual(['+0.000 s', '+0.250 s', '+2 d 2:00:00'])
  })

  it('keep their distance', () => {
    const sheet = paper(START, START + 12_345_678, [])
    for (const width of [200, 640, 1900]) {
      const found = ticks(sheet, everything(sheet), width, { zero: START, offset: 0 })
      for (let i = 1; i < found.length; i++) expect(found[i]!.x - found[i - 1]!.x).toBeGreaterThanOrEqual(90)
      expect(found.length).toBeLessThan(width / 50)
    }
  })

  it('have a step for years and for microseconds', () => {
    expect(step(400 * 24 * HOUR)).toBe(730 * 24 * HOUR)
    expect(step(0.0005)).toBe(0.001)
  })

  it('are as fine as their step', () => {
    expect(elapsed(4250, 10)).toBe('+4.25 s')
    expect(elapsed(62_500, 100)).toBe('+1:02.5')
    expect(elapsed(3_723_000, 60_000)).toBe('+1:02:03')
    expect(elapsed(90_000_000, HOUR)).toBe('+1 d 1:00:00')
  })
})
