import { describe, expect, it } from 'vitest'
import { freshnessOfAll } from './health'
import type { Freshness } from './types'

const NOW = Date.parse('2026-11-22T10:00:30Z')
const SWEPT: Freshness = { complete: '2026-11-22T10:00:00Z', changed: '2026-11-22T10:00:20Z', swept: 1, rows: 7 }
const NEVER: Freshness = { complete: null, changed: null, swept: null, rows: 0 }

describe('the freshness of a list of several hubs', () => {
  it('is that of the worst', () => {
    expect(freshnessOfAll([SWEPT, { ...SWEPT, changed: '2026-11-22T10:00:10Z' }], NOW)).toBe('index 20 s old, complete')
    expect(freshnessOfAll([SWEPT, { ...NEVER, swept: 0.4 }], NOW)).toBe('40 % swept')
  })
  it('tells of hubs that were not swept at all', () => {
    expect(freshnessOfAll([SWEPT, NEVER, NEVER], NOW)).toBe('index 10 s old, complete, 2 hubs not yet swept')
    expect(freshnessOfAll([NEVER], NOW)).toBe('not yet swept')
    expect(freshnessOfAll([NEVER, NEVER], NOW)).toBe('2 hubs not yet swept')
  })
})
