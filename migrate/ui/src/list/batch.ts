// What can be done to many instances at once, and the query that names those that were chosen by hand.
import type { Verb } from '../lib/types'
import { join, quote, split } from './chips'

export interface Batch { verb: Verb; text: string; danger?: boolean; field?: { name: string; label: string; kind: 'text' | 'json' | 'check' }[] }

export const BATCHES: readonly Batch[] = [
  { verb: 'suspend', text: 'Suspend' },
  { verb: 'resume', text: 'Resume' },
  { verb: 'terminate', text: 'Terminate', danger: true, field: [{ name: 'recursive', label: 'Their children too', kind: 'check' }] },
  { verb: 'restart', text: 'Restart', field: [{ name: 'newId', label: 'With new IDs', kind: 'check' }] },
  { verb: 'rewind', text: 'Rewind' },
  { verb: 'raise-event', text: 'Raise an event', field: [{ name: 'name', label: 'Name of the event', kind: 'text' }, { name: 'data', label: 'Data (JSON)', kind: 'json' }] },
  { verb: 'set-custom-status', text: 'Set the custom status', field: [{ name: 'value', label: 'Value (JSON)', kind: 'json' }] },
  { verb: 'signal-entity', text: 'Signal entities', field: [{ name: 'operation', label: 'Operation', kind: 'text' }, { name: 'data', label: 'Data (JSON)', kind: 'json' }] },
  { verb: 'purge', text: 'Purge', danger: true, field: [{ name: 'recursive', label: 'Their children too', kind: 'check' }] },
  { verb: 'delete-entity', text: 'Delete entities', danger: true },
]

/** More than this many chosen one by one would make a query of many kilobytes. */
export const MOST_BY_HAND = 500

/** Keys are `hub\nID`; returns the IDs by hub. */
export function byHub(keys: Iterable<string>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const key of keys) {
    const at = key.indexOf('\n')
    const hub = key.slice(0, at)
    found.set(hub, [...(found.get(hub) ?? []), key.slice(at + 1)])
  }
  return found
}

/** A query that finds these instances and no others. */
export function queryOf(ids: readonly string[]): string {
  return ids.length === 1 ? `id:${quote(ids[0] as string)}` : `id:(${ids.map(quote).join('|')})`
}

/** The query of the list, for one hub. */
export const queryAt = (query: string): string => join(split(query))
