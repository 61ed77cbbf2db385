import { describe, expect, it } from 'vitest'
import { wait } from './pace'

describe('asking again', () => {
  it('is at once the first time', () => {
    expect(wait({ last: null, failures: 0 }, 5)).toBe(0)
  })

  it('keeps a distance, however many changes are told', () => {
    expect(wait({ last: 1000, failures: 0 }, 1100)).toBe(1400)
    expect(wait({ last: 1000, failures: 0 }, 9000)).toBe(0)
  })

  it('gets rarer while nothing answers, up to a minute', () => {
    expect(wait({ last: 0, failures: 1 }, 0)).toBe(3000)
    expect(wait({ last: 0, failures: 30 }, 0)).toBe(60_000)
  })
})
