// How often a page asks again: soon after a change, rarely while nothing answers.

/** *last* is when the last request was sent, *failures* how many failed since one did not. */
export interface Pace {
  last: number | null
  failures: number
}

const LEAST = 1500 // milliseconds between two requests for the same thing
const MOST = 60_000

/** Return how many milliseconds to wait before asking again at *now*. */
export function wait(pace: Pace, now: number): number {
  if (pace.last === null) return 0
  const apart = Math.min(LEAST * 2 ** pace.failures, MOST)
  return Math.max(pace.last + apart - now, 0)
}
