// Whether the command palette is open, and what pages put into it.

export interface Entry { text: string; hint?: string; to?: string; act?: () => void }

class Palette {
  open = $state(false)
  /** What the page that is shown offers besides the pages of the monitor. */
  offered: Entry[] = $state.raw([])

  show(): void {
    this.open = true
  }
}

export const palette = new Palette()
