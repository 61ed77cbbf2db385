// Rows of a list that is paged by keyset, from its beginning and from its end. Each answer brings the cursor
// behind its last row, so any page that was reached once is fetched again at the same cost; rows far from what
// is shown are forgotten, their cursors are kept.

export interface Answer<Row> { rows: Row[]; after: string | null; total: number | null }
export interface Question {
  after: string | null
  count: number
  /** From the end: the order turned around. */
  backward: boolean
  total: boolean
  signal: AbortSignal
}
export type Ask<Row> = (question: Question) => Promise<Answer<Row>>

interface Page<Row> { start: number; length: number; cursor: string | null; after: string | null; rows: Row[] | null }

export const USUAL = 200
export const LARGE = 1000 // rows at once on a long way
export const KEPT = 24 // pages with rows
export const FARTHEST = 20_000 // rows that are walked through to reach a place

/** One direction: pages one behind the other, from row 0. */
class Chain<Row> {
  pages: Page<Row>[] = []

  get length(): number {
    const last = this.pages.at(-1)
    return last ? last.start + last.length : 0
  }

  get isWhole(): boolean {
    const last = this.pages.at(-1)
    return last !== undefined && last.after === null
  }

  /** The page with a row, by halves. */
  indexOf(row: number): number {
    let low = 0
    let high = this.pages.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const page = this.pages[middle] as Page<Row>
      if (row < page.start) high = middle - 1
      else if (row >= page.start + page.length) low = middle + 1
      else return middle
    }
    return -1
  }

  row(at: number): Row | undefined {
    const page = this.pages[this.indexOf(at)]
    return page?.rows?.[at - page.start]
  }

  put(index: number, page: Page<Row>): void {
    const next = this.pages[index + 1]
    const keeps = next !== undefined && next.cursor === page.after && next.start === page.start + page.length
    this.pages = [...this.pages.slice(0, index), page, ...(keeps ? this.pages.slice(index + 1) : [])]
  }

  forget(near: number): void {
    const loaded = this.pages.map((page, index) => ({ page, index })).filter(({ page }) => page.rows)
    if (loaded.length <= KEPT) return
    loaded.sort((one, other) => Math.abs(other.index - near) - Math.abs(one.index - near))
    for (const { page } of loaded.slice(0, loaded.length - KEPT)) page.rows = null
  }
}

export class Keyset<Row> {
  /** How many rows there are; until the first answer 0. */
  total = 0
  busy = false
  error: unknown = null
  /** Set where a place is too far from all that was reached: the nearest rows that can be shown. */
  beyond: { before: number; behind: number } | null = null

  private top = new Chain<Row>()
  private bottom = new Chain<Row>()
  private wanted = { first: 0, last: USUAL }
  private control = new AbortController()
  private stale = false

  constructor(
    private readonly ask: Ask<Row>,
    private readonly changed: () => void,
  ) {}

  row(at: number): Row | undefined {
    return at < this.top.length ? this.top.row(at) : this.bottom.row(this.total - 1 - at)
  }

  /** All rows that are loaded, with their places. */
  *loaded(): Generator<[number, Row]> {
    for (const page of this.top.pages) for (const [i, row] of (page.rows ?? []).entries()) yield [page.start + i, row]
    for (const page of this.bottom.pages) {
      for (const [i, row] of (page.rows ?? []).entries()) {
        const at = this.total - 1 - page.start - i
        if (at >= this.top.length) yield [at, row]
      }
    }
  }

  /** Forgets everything: the question is another one. */
  reset(): void {
    this.control.abort()
    this.control = new AbortController()
    this.top = new Chain()
    this.bottom = new Chain()
    this.total = 0
    this.beyond = null
    this.error = null
    this.stale = false
    this.wanted = { first: 0, last: 1 }
    this.changed()
    void this.work(true)
  }

  /** Sees to it that rows are there. */
  want(first: number, last: number): void {
    this.wanted = { first, last }
    if (!this.busy) void this.work(false)
  }

  /** Fetches what is shown anew, page for page; what stands behind is asked for when it is come to. */
  refresh(): void {
    this.stale = this.busy
    if (this.busy) return
    this.bottom = this.wanted.first >= this.top.length && this.top.length ? this.bottom : new Chain()
    void this.work(true)
  }

  private async work(anew: boolean): Promise<void> {
    const { signal } = this.control
    this.busy = true
    this.changed()
    try {
      if (anew) await this.renew(signal)
      while (!signal.aborted && (await this.step(signal)));
      this.error = null
    } catch (problem) {
      if (signal.aborted) return
      this.error = problem
    }
    if (signal.aborted) return
    this.busy = false
    this.changed()
    if (this.stale) this.refresh()
  }

  private async renew(signal: AbortSignal): Promise<void> {
    const { first, last } = this.wanted
    const backward = this.top.pages.length > 0 && first >= this.top.length && this.bottom.pages.length > 0
    const chain = backward ? this.bottom : this.top
    const [from, to] = backward ? [this.total - last, this.total - first] : [first, last]
    let index = Math.max(0, chain.indexOf(Math.max(0, from)))
    if (index > 0) await this.count(signal)
    for (;;) {
      await this.fetch(chain, index, backward, USUAL, signal)
      const page = chain.pages[index]
      if (signal.aborted || !page?.after || page.start + page.length >= to) return
      index += 1
    }
  }

  /** Fetches the next page on the way to what is wanted; false when all is there that can be. */
  private async step(signal: AbortSignal): Promise<boolean> {
    const { first, last } = this.wanted
    this.beyond = null
    if (!this.top.pages.length) return this.fetch(this.top, 0, false, USUAL, signal)
    if (this.total === 0) return false
    for (let at = first; at < Math.min(last, this.total); at += 1) {
      if (this.row(at) !== undefined) continue
      if (at < this.top.length) return this.fetch(this.top, this.top.indexOf(at), false, USUAL, signal)
      const fromEnd = this.total - 1 - at
      if (fromEnd < this.bottom.length) {
        return this.fetch(this.bottom, this.bottom.indexOf(fromEnd), true, USUAL, signal)
      }
      return this.walk(at, signal)
    }
    return false
  }

  private async walk(at: number, signal: AbortSignal): Promise<boolean> {
    const down = at - this.top.length
    const up = this.total - this.bottom.length - at
    const backward = up < down && !this.bottom.isWhole
    if (Math.min(down, up) > FARTHEST) {
      this.beyond = { before: this.top.length, behind: this.total - this.bottom.length }
      return false
    }
    const chain = backward ? this.bottom : this.top
    if (chain.isWhole) {
      // fewer rows than were counted: some have gone since
      this.total = chain.length
      return false
    }
    const far = (backward ? up : down) > 2 * USUAL
    return this.fetch(chain, chain.pages.length, backward, far ? LARGE : USUAL, signal)
  }

  private async count(signal: AbortSignal): Promise<void> {
    const answer = await this.ask({ after: null, count: 1, backward: false, total: true, signal })
    if (!signal.aborted && answer.total !== null) this.total = answer.total
  }

  private async fetch(chain: Chain<Row>, index: number, backward: boolean, count: number, signal: AbortSignal): Promise<boolean> {
    const before = chain.pages[index - 1]
    const cursor = before ? before.after : null
    const start = before ? before.start + before.length : 0
    const asked = chain.pages[index]?.length ?? count
    const first = index === 0 && !backward
    const answer = await this.ask({ after: cursor, count: Math.max(asked, USUAL), backward, total: first, signal })
    if (signal.aborted) return false
    chain.put(index, { start, length: answer.rows.length, cursor, after: answer.rows.length ? answer.after : null, rows: answer.rows })
    chain.forget(index)
    if (answer.total !== null) this.total = answer.total
    if (!backward && chain.isWhole) this.total = chain.length
    this.total = Math.max(this.total, this.top.length)
    this.changed()
    return answer.rows.length > 0
  }
}
