import { describe, expect, it } from 'vitest'
import { FARTHEST, KEPT, Keyset, USUAL, type Question } from './keyset'

/** A server of the numbers from 0; a cursor is the last number. */
function server(numbers: { rows: number[] }) {
  const asked: Question[] = []
  const ask = async (question: Question) => {
    asked.push(question)
    const all = question.backward ? [...numbers.rows].reverse() : numbers.rows
    const last = question.after === null ? null : Number(question.after)
    const rest = last === null ? all : all.filter((one) => (question.backward ? one < last : one > last))
    const rows = rest.slice(0, question.count)
    return { rows, after: rest.length > rows.length ? String(rows.at(-1)) : null, total: question.total ? all.length : null }
  }
  const keyset = new Keyset<number>(ask, () => undefined)
  return { keyset, asked }
}

const upTo = (count: number) => ({ rows: Array.from({ length: count }, (_, n) => n) })
const quiet = async (keyset: Keyset<number>) => {
  for (let i = 0; i < 2000 && (i < 3 || keyset.busy); i += 1) await Promise.resolve()
}

describe('a list that is paged by keyset', () => {
  it('fetches one page for what is seen first', async () => {
    const { keyset, asked } = server(upTo(1_000_000))
    keyset.reset()
    await quiet(keyset)
    expect(asked.length).toBe(1)
    expect([keyset.total, keyset.row(0), keyset.row(USUAL)]).toEqual([1_000_000, 0, undefined])
  })

  it('goes to the end with one further request', async () => {
    const { keyset, asked } = server(upTo(1_000_000))
    keyset.reset()
    await quiet(keyset)
    keyset.want(999_970, 1_000_000)
    await quiet(keyset)
    expect(asked.length).toBe(2)
    expect([keyset.row(999_999), keyset.row(999_970)]).toEqual([999_999, 999_970])
  })

  it('shows every row in its place while it is walked down, and keeps few', async () => {
    const { keyset } = server(upTo(30 * USUAL))
    keyset.reset()
    await quiet(keyset)
    for (let at = 0; at < 30 * USUAL; at += 100) {
      keyset.want(at, at + 40)
      await quiet(keyset)
      expect(keyset.row(at + 39)).toBe(at + 39)
    }
    expect([...keyset.loaded()].length).toBeLessThanOrEqual(KEPT * USUAL)
    keyset.want(0, 40)
    await quiet(keyset)
    expect(keyset.row(0)).toBe(0)
  })

  it('says what lies too far from all that was reached', async () => {
    const { keyset, asked } = server(upTo(1_000_000))
    keyset.reset()
    await quiet(keyset)
    keyset.want(500_000, 500_030)
    await quiet(keyset)
    expect(keyset.beyond).toEqual({ before: USUAL, behind: 1_000_000 })
    expect(asked.length).toBe(1)
    keyset.want(FARTHEST, FARTHEST + 30)
    await quiet(keyset)
    expect([keyset.beyond, keyset.row(FARTHEST)]).toEqual([null, FARTHEST])
  })

  it('shows new rows after a refresh, and none twice', async () => {
    const numbers = upTo(1000)
    const { keyset } = server(numbers)
    keyset.reset()
    await quiet(keyset)
    keyset.want(150, 450)
    await quiet(keyset)
    numbers.rows = [-3, -2, -1, ...numbers.rows]
    keyset.want(0, 30)
    await quiet(keyset)
    keyset.refresh()
    await quiet(keyset)
    expect([keyset.total, keyset.row(0), keyset.row(3)]).toEqual([1003, -3, 0])
    keyset.want(150, 450)
    await quiet(keyset)
    const seen = Array.from({ length: 450 }, (_, at) => keyset.row(at))
    expect(seen).toEqual(numbers.rows.slice(0, 450))
  })

  it('knows when rows have gone', async () => {
    const numbers = upTo(300)
    const { keyset } = server(numbers)
    keyset.reset()
    await quiet(keyset)
    numbers.rows = numbers.rows.slice(0, 250)
    keyset.want(240, 300)
    await quiet(keyset)
    expect([keyset.total, keyset.row(249), keyset.row(250)]).toEqual([250, 249, undefined])
  })

  it('is empty where nothing is found', async () => {
    const { keyset } = server(upTo(0))
    keyset.reset()
    await quiet(keyset)
    expect([keyset.total, keyset.busy, keyset.row(0)]).toEqual([0, false, undefined])
  })
})
