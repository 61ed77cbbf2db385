import { describe, expect, it } from 'vitest'
import {
  steps,
  around, everything, fromPixel, grown, pan, paper, toMoment, toPaper, toPixel, zoom } from './spans'

const DAY = 86_400_000

describe('a paper', () => {
  it('is to scale where nothing is idle', () => {
    const sheet = paper(1000, 5000, [])
    expect(sheet.length).toBe(4000)
    expect(toPaper(sheet, 3000)).toBe(2000)
  })

  it('folds days of waiting into a small part of what is to scale', () => {
    const sheet = paper(0, 2000 + 3 * DAY, [{ start: 1000, end: 1000 + 3 * DAY }])
    expect(sheet.pieces.map((one) => one.folded)).toEqual([false, true, false])
    expect(sheet.length).toBeCloseTo(2000 * 1.04)
  })

  it('does not fold what would become longer', () => {
    const sheet = paper(0, 10_000, [{ start: 100, end: 101 }])
    expect(sheet.pieces).toHaveLength(1)
  })

  it('takes folds that overlap, lie outside or come in any order', () => {
    const sheet = paper(0, 10_000, [
      { start: 6000, end: 20_000 },
      { start: -5, end: 3000 },
      { start: 2000, end: 4000 },
    ])
    const covered = sheet.pieces.reduce((sum, one) => sum + one.end - one.start, 0)
    expect(covered).toBe(10_000)
    for (let i = 1; i < sheet.pieces.length; i++)
      expect(sheet.pieces[i]!.start).toBe(sheet.pieces[i - 1]!.end)
  })

  it('finds every moment again, folded or not', () => {
    const sheet = paper(50, 90_000, [
      { start: 1000, end: 40_000 },
      { start: 50_000, end: 80_000 },
    ])
    for (const moment of [-20, 50, 999, 1000, 20_000, 45_000, 79_999, 90_000, 95_000])
      expect(toMoment(sheet, toPaper(sheet, moment))).toBeCloseTo(moment, 6)
  })

  it('has a length even if everything happened at once', () => {
    const sheet = paper(7, 7, [])
    expect(sheet.length).toBeGreaterThan(0)
    expect(Number.isFinite(toPaper(sheet, 7))).toBe(true)
  })
})

describe('a paper by steps', () => {
  const sheet = steps([5 * DAY, 0, 10, 10, 5 * DAY + 10])

  it('gives a pause of days little more room than a step of milliseconds', () => {
    const [first, second, third] = sheet.pieces.map((one) => one.to - one.from)
    expect(third).toBeCloseTo(first!, 6)
    expect(second! / first!).toBeLessThan(6)
  })

  it('finds every moment again', () => {
    for (const moment of [0, 3, 10, DAY, 5 * DAY + 10, 6 * DAY])
      expect(toMoment(sheet, toPaper(sheet, moment))).toBeCloseTo(moment, 3)
  })

  it('is there for a single moment too', () => {
    expect(steps([7]).length).toBeGreaterThan(0)
    expect(steps([]).length).toBeGreaterThan(0)
  })
})

describe('a window', () => {
  const sheet = paper(0, 10_000, [])

  it('keeps what is under the pointer in its place while zooming', () => {
    const before = everything(sheet)
    const place = fromPixel(before, 800, 200)
    const after = zoom(sheet, before, 4, 200 / 800)
    expect(toPixel(after, 800, place)).toBeCloseTo(200)
    expect(after.to - after.from).toBeCloseTo((before.to - before.from) / 4)
  })

  it('never leaves the paper', () => {
    const close = zoom(sheet, everything(sheet), 10, 0.5)
    expect(pan(sheet, close, -100).from).toBe(0)
    expect(pan(sheet, close, 100).to).toBeCloseTo(everything(sheet).to)
    expect(zoom(sheet, close, 0.0001, 0.5)).toEqual(everything(sheet))
  })

  it('stops zooming at half a millisecond', () => {
    const close = zoom(sheet, everything(sheet), 1e12, 0.5)
    expect(close.to - close.from).toBeCloseTo(0.5)
  })

  it('follows the end when it showed the end, and stays otherwise', () => {
    const longer = paper(0, 20_000, [])
    expect(grown(sheet, longer, everything(sheet))).toEqual(everything(longer))
    expect(grown(sheet, longer, { from: 100, to: 200 })).toEqual({ from: 100, to: 200 })
    const tail = { from: 9200, to: 10_200 }
    expect(grown(sheet, longer, tail).to).toBeCloseTo(everything(longer).to)
  })

  it('goes to a span with air around it', () => {
    const seen = around(sheet, { start: 4000, end: 4100 })
    expect(seen.from).toBeLessThan(4000)
    expect(seen.to).toBeGreaterThan(4100)
    expect(seen.to - seen.from).toBeLessThan(300)
  })
})
