// The history of the instance on the page: parts are read as they are looked at, and once only.
import { onDestroy } from 'svelte'
import { asError, isAbort, type ApiError } from '../../lib/api'
import type { EventView } from '../../lib/types'
import { NONE, SIZE, eventAt, putMany, wanted, type Pages } from './pages'
import type { Source } from './source'

const AT_ONCE = 10 // parts that a search reads with one request
const TEXT = 2000 // characters of a payload that come with its event

export class Book {
  pages: Pages = $state.raw(NONE)
  problem: ApiError | null = $state.raw(null)
  problems: readonly string[] = $state.raw([])
  loaded = $state(false)

  private readonly asked = new Map<number, Promise<void>>()
  private control = new AbortController()

  constructor(readonly source: Source) {}

  event(number: number): EventView | undefined {
    return eventAt(this.pages, number)
  }

  /** Reads what is missing of events *first* to *end*. */
  async want(first: number, end: number): Promise<void> {
    await Promise.all(wanted(this.pages, first, end).map((part) => this.read(part)))
  }

  /** Returns the events of these numbers, read if need be; those that are not there are left out. */
  async events(numbers: readonly number[]): Promise<EventView[]> {
    const parts = new Set(numbers.map((one) => Math.floor(one / SIZE)))
    await Promise.all([...parts].map((part) => this.want(part * SIZE, (part + 1) * SIZE)))
    return numbers.flatMap((one) => this.event(one) ?? [])
  }

  /** The history has changed: its end is read again. */
  async refresh(): Promise<void> {
    if (!this.loaded) return
    await this.read(Math.max(Math.floor((this.pages.total - 1) / SIZE), 0))
  }

  /** Reads all of it, part by part, until *signal* says stop. */
  async all(signal: AbortSignal, progress: (read: number) => void): Promise<void> {
    for (let part = 0; part * SIZE < Math.max(this.pages.total, 1) && !signal.aborted; part += AT_ONCE) {
      const end = (part + AT_ONCE) * SIZE
      if (wanted(this.pages, part * SIZE, end).length > 0) await this.ask(part, AT_ONCE)
      if (this.problem) return
      progress(Math.min(end, this.pages.total))
    }
  }

  private read(part: number): Promise<void> {
    const under = this.asked.get(part)
    if (under) return under
    const reading = this.ask(part).finally(() => this.asked.delete(part))
    this.asked.set(part, reading)
    return reading
  }

  private async ask(part: number, many = 1): Promise<void> {
    try {
      const after = part === 0 ? null : part * SIZE - 1
      const page = await this.source.history(after, SIZE * many, TEXT, this.control.signal)
      this.pages = putMany(this.pages, part, page)
      this.problems = page.problems ?? this.problems
      this.problem = null
      this.loaded = true
    } catch (problem) {
      if (!isAbort(problem)) this.problem = asError(problem)
    }
  }

  stop(): void {
    this.control.abort()
  }
}

/** Makes the book of a source for as long as a component is there. */
export function bookOf(source: Source): Book {
  const book = new Book(source)
  onDestroy(() => book.stop())
  return book
}
