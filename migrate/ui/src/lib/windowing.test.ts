import { describe, expect, it } from 'vitest'
import { offsetAt, reveal, scrollTo, TALLEST, tallness, windowOf } from './windowing'

describe('the window on a long list', () => {
  it('has the rows that can be seen and some spare ones', () => {
    expect(windowOf(0, 300, 1000, 30, 5)).toEqual({ first: 0, last: 15 })
    expect(windowOf(3000, 300, 1000, 30, 5)).toEqual({ first: 95, last: 115 })
    expect(windowOf(29_700, 300, 1000, 30, 5)).toEqual({ first: 985, last: 1000 })
  })

  it('is empty for no rows', () => {
    expect(windowOf(0, 300, 0, 30, 5)).toEqual({ first: 0, last: 0 })
  })

  it('reaches the first and the last of a million rows, with a bounded height', () => {
    const rows = 1_000_000
    expect(tallness(rows, 30)).toBe(TALLEST)
    expect(windowOf(offsetAt(0, 600, rows, 30), 600, rows, 30, 0).first).toBe(0)
    expect(windowOf(offsetAt(TALLEST - 600, 600, rows, 30), 600, rows, 30, 0).last).toBe(rows)
  })

  it.each([0, 1, 999, 500_000, 999_979])('scrolls to row %i of a million and finds it there', (row) => {
    const rows = 1_000_000
    const offset = offsetAt(scrollTo(row * 30, 600, rows, 30), 600, rows, 30)
    expect(Math.round(offset / 30)).toBe(row)
  })

  it('moves no farther than needed to show a row', () => {
    expect(reveal(5, 0, 300, 30)).toBe(0)
    expect(reveal(10, 0, 300, 30)).toBe(30)
    expect(reveal(2, 90, 300, 30)).toBe(60)
  })
})
