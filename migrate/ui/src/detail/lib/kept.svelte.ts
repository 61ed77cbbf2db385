// Something that was asked of the monitor, kept on the page while it is asked again.
import { onDestroy, untrack } from 'svelte'
import { asError, isAbort, type ApiError } from '../../lib/api'
import { app } from '../../lib/app.svelte'
import { wait, type Pace } from './pace'

interface Follow {
  hub: string
  /** Whether a change of these instances concerns it; none given: anything may have changed. */
  concerns: (ids: readonly string[]) => boolean
  /** Ask again after so many milliseconds even if no change was told; `null`: never. */
  every?: () => number | null
}

/**
 * The last good answer, and what has gone wrong since. What did not change keeps its identity, so that
 * nothing on the page is drawn anew, and neither scroll nor focus is lost.
 */
export class Kept<T> {
  value: T | null = $state.raw(null)
  /** When the value was true, on the server's clock. */
  at: number | null = $state(null)
  problem: ApiError | null = $state.raw(null)
  loading = $state(false)

  private text = ''
  private pace: Pace = { last: null, failures: 0 }
  private timer: ReturnType<typeof setTimeout> | undefined
  private control: AbortController | undefined
  private over = false

  constructor(private readonly ask: (signal: AbortSignal) => Promise<T>) {}

  /** Asks now. */
  async load(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    this.control?.abort()
    const control = (this.control = new AbortController())
    this.pace.last = Date.now()
    this.loading = true
    try {
      const value = await this.ask(control.signal)
      if (control.signal.aborted) return
      const text = JSON.stringify(value) ?? ''
      if (text !== this.text || this.value === null) this.value = value
      this.text = text
      this.at = untrack(() => app.now)
      this.problem = null
      this.pace.failures = 0
    } catch (problem) {
      if (isAbort(problem) || control.signal.aborted) return
      this.problem = asError(problem)
      this.pace.failures += 1
    }
    this.loading = false
  }

  /** Asks as soon as the pace allows; calls in between are one. */
  soon(): void {
    if (this.timer !== undefined || this.over) return
    this.timer = setTimeout(() => void this.load(), wait(this.pace, Date.now()))
  }

  stop(): void {
    this.over = true
    clearTimeout(this.timer)
    this.control?.abort()
  }
}

/** Makes something kept for as long as a component is there: loads it, and follows changes unless paused. */
export function keep<T>(ask: (signal: AbortSignal) => Promise<T>, follow: Follow | null): Kept<T> {
  const kept = new Kept(ask)
  void kept.load()
  let ticking: ReturnType<typeof setInterval> | undefined
  const stop = app.feed.on('rows', ({ hub, ids }) => {
    if (!follow || !app.live || (hub !== '' && hub !== follow.hub)) return
    if (ids.length === 0 || follow.concerns(ids)) kept.soon()
  })
  let turn = app.turn
  $effect(() => {
    if (app.turn === turn) return
    turn = app.turn
    void kept.load()
  })
  $effect(() => {
    const every = follow?.every?.() ?? null
    clearInterval(ticking)
    if (every === null || !app.live) return
    ticking = setInterval(() => {
      if (!document.hidden) kept.soon()
    }, every)
  })
  onDestroy(() => {
    stop()
    clearInterval(ticking)
    kept.stop()
  })
  return kept
}
