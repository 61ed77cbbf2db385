import { describe, expect, it } from 'vitest'
import { at, missing, offset, reveal, total, visible } from './rows'

const plain = { count: 100_000, height: 30, tall: new Map<number, number>() }
const opened = {
  count: 100,
  height: 30,
  tall: new Map([
    [10, 230],
    [50, 130],
  ]),
}

describe('a virtual list', () => {
  it('puts few of 100,000 rows in the page, and keeps the scroll bar true', () => {
    const seen = visible(plain, 1_500_000, 600)
    expect(seen.end - seen.first).toBeLessThan(50)
    expect(seen.before + (seen.end - seen.first) * 30 + seen.after).toBe(total(plain))
    expect(seen.first).toBe(50_000 - 8)
  })

  it('knows the place of rows behind opened ones', () => {
    expect(offset(opened, 10)).toBe(300)
    expect(offset(opened, 11)).toBe(530)
    expect(offset(opened, 51)).toBe(51 * 30 + 200 + 100)
    expect(total(opened)).toBe(3300)
  })

  it('finds the row at every pixel', () => {
    for (let pixel = 0; pixel < total(opened); pixel += 7) {
      const index = at(opened, pixel)
      expect(offset(opened, index)).toBeLessThanOrEqual(pixel)
      expect(offset(opened, index + 1)).toBeGreaterThan(pixel)
    }
    expect(at(opened, -5)).toBe(0)
    expect(at(opened, 1e9)).toBe(99)
  })

  it('is empty without rows', () => {
    const none = { count: 0, height: 30, tall: new Map() }
    expect(visible(none, 0, 500)).toEqual({ first: 0, end: 0, before: 0, after: 0 })
  })

  it('scrolls only as far as a row needs', () => {
    expect(reveal(opened, 5, 0, 300)).toBe(0)
    expect(reveal(opened, 2, 90, 300)).toBe(60)
    expect(reveal(opened, 9, 0, 270)).toBe(30)
    expect(reveal(opened, 10, 0, 100)).toBe(300)
  })

  it('asks for the pages that it lacks', () => {
    const there = new Set([1])
    expect(missing(150, 650, 200, (page) => there.has(page))).toEqual([0, 2, 3])
    expect(missing(200, 400, 200, (page) => there.has(page))).toEqual([])
  })
})
