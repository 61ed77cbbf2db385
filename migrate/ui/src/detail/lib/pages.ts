// Which parts of a long history were read, and which have to be read next. Events are numbered from 0.
import type { EventPage, EventView } from '../../lib/types'

export const SIZE = 200

/** The parts by their place; *total* is how many events there are, as the last answer told. */
export interface Pages {
  parts: ReadonlyMap<number, readonly EventView[]>
  total: number
  executionId: string | null
}

export const NONE: Pages = { parts: new Map(), total: 0, executionId: null }

/** Return the event of that number, if its part was read. */
export function eventAt(pages: Pages, number: number): EventView | undefined {
  const part = Math.floor(number / SIZE)
  return pages.parts.get(part)?.[number - part * SIZE]
}

/** Return *pages* with an answer put in its place. Another execution begins anew: its numbers are its own. */
export function put(pages: Pages, part: number, page: EventPage): Pages {
  const fresh = page.executionId !== pages.executionId || page.total < pages.total
  const parts = new Map(fresh ? [] : pages.parts)
  parts.set(part, page.events)
  return { parts, total: page.total, executionId: page.executionId }
}

/** Return *pages* with an answer of several parts, from *part* on. */
export function putMany(pages: Pages, part: number, page: EventPage): Pages {
  let found = put(pages, part, { ...page, events: page.events.slice(0, SIZE) })
  for (let n = 1; n * SIZE < page.events.length; n++)
    found = put(found, part + n, { ...page, events: page.events.slice(n * SIZE, (n + 1) * SIZE) })
  return found
}

/** Return the parts that hold these events and were not read whole. */
export function wanted(pages: Pages, first: number, end: number): number[] {
  const found: number[] = []
  const last = Math.min(end, Math.max(pages.total, 1))
  for (let part = Math.floor(first / SIZE); part * SIZE < last; part++) {
    const there = pages.parts.get(part)?.length ?? -1
    if (there < Math.min(SIZE, pages.total - part * SIZE) || there < 0) found.push(part)
  }
  return found
}

/** Whether an event has a text in it, in its type, name, failure, instance or payloads; any case. */
export function matches(event: EventView, text: string, types: ReadonlySet<string>): boolean {
  if (types.size > 0 && !types.has(event.type)) return false
  if (text === '') return true
  const wanted = text.toLowerCase()
  const fields = [event.type, event.name, event.failure, event.instanceId, event.input?.text, event.result?.text]
  return fields.some((one) => one?.toLowerCase().includes(wanted)) || String(event.eventId) === text
}
