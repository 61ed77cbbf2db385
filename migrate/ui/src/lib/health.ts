// What the standing of a hub says, in words.
import { coarse, parse } from './time'
import type { Freshness, HealthState, HubStanding } from './types'
import { counted, percent } from './numbers'

export const HEALTH: Record<HealthState, { text: string; tone: 'good' | 'warn' | 'bad' | 'info' }> = {
  starting: { text: 'First sweep under way', tone: 'info' },
  watched: { text: 'Watched', tone: 'good' },
  throttled: { text: 'Throttled', tone: 'warn' },
  denied: { text: 'Access denied', tone: 'bad' },
  unreachable: { text: 'Unreachable', tone: 'bad' },
  gone: { text: 'Deleted', tone: 'bad' },
}

export const KINDS: Record<HubStanding['ref']['kind'], string> = {
  classic: 'Azure Storage', scheduler: 'durahub store', endpoint: 'endpoint', bundle: 'bundle file',
}

/** `index 12 s old, 98 % swept`. */
export function freshness(fresh: Freshness, now: number): string {
  const parts: string[] = []
  const changed = parse(fresh.changed) ?? parse(fresh.complete)
  if (changed !== null) parts.push(`index ${coarse(Math.max(0, (now - changed) / 1000))} old`)
  if (fresh.swept !== null && (fresh.swept < 1 || !fresh.complete)) parts.push(`${percent(fresh.swept)} swept`)
  else if (fresh.complete) parts.push('complete')
  return parts.join(', ') || 'not yet swept'
}

/** The freshness of a list of several hubs: that of the worst that were swept, and how many were not at all. */
export function freshnessOfAll(all: Freshness[], now: number): string {
  const known = all.filter((one) => one.complete || one.changed || one.swept)
  const told = worst(known)
  const missing = all.length - known.length
  const parts = told ? [freshness(told, now)] : []
  if (missing) parts.push(all.length === 1 ? 'not yet swept' : `${counted(missing, 'hub')} not yet swept`)
  return parts.join(', ')
}

/** The freshness of several hubs: that of the oldest, the least complete. */
export function worst(all: Freshness[]): Freshness | null {
  const [first, ...others] = all
  if (!first) return null
  return others.reduce((one, other) => ({
    complete: earlier(one.complete, other.complete),
    changed: earlier(one.changed, other.changed),
    swept: one.swept === null || other.swept === null ? (one.swept ?? other.swept) : Math.min(one.swept, other.swept),
    rows: one.rows + other.rows,
  }), first)
}

const earlier = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? null : one < other ? one : other
