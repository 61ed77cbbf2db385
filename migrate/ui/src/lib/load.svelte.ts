// Something that the server is asked for, while its page is shown.
import { untrack } from 'svelte'
import { asError, isAbort, type ApiError } from './api'
import { app } from './app.svelte'

export class Loaded<T> {
  value: T | null = $state.raw(null)
  error: ApiError | null = $state.raw(null)
  busy = $state(false)
  private again = $state(0)

  /** Asks anew. What is shown stays until the answer is there. */
  reload = (): void => {
    this.again += 1
  }

  /** For `load` alone: what makes it ask anew. */
  get turns(): number {
    return this.again + app.turn
  }
}

interface Options {
  /** Ask again after so many seconds, while updates are live and the tab can be seen. */
  every?: number
}

/**
 * Asks when the component appears and whenever something that *ask* reads (before it first waits) changes.
 * *ask* returns null to ask nothing. An answer that comes too late is dropped, its request given up.
 */
export function load<T>(ask: (signal: AbortSignal) => Promise<T> | null, { every }: Options = {}): Loaded<T> {
  const loaded = new Loaded<T>()
  $effect(() => {
    void loaded.turns
    const control = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const settle = (): void => {
      loaded.busy = false
      if (every) timer = setTimeout(again, every * 1000)
    }
    const again = (): void => {
      if (app.live && !document.hidden) loaded.reload()
      else timer = setTimeout(again, 1000)
    }
    const answer = ask(control.signal)
    untrack(() => {
      if (!answer) return
      loaded.busy = true
      answer.then(
        (value) => {
          if (control.signal.aborted) return
          loaded.value = value
          loaded.error = null
          settle()
        },
        (problem: unknown) => {
          if (control.signal.aborted || isAbort(problem)) return
          loaded.error = asError(problem)
          settle()
        },
      )
    })
    return () => {
      clearTimeout(timer)
      control.abort()
    }
  })
  return loaded
}
