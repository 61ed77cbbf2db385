// The grid of runs by tasks: how bright a cell is, which cell a key leads to.
import type { RunsGrid } from '../../lib/types'

/** Shades from 0 (quick) to 4 (slow), by task: each is compared with its own other runs. */
export function shades(grid: RunsGrid): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>()
  for (const task of grid.tasks) {
    const cells = Object.entries(grid.cells[task] ?? {})
    const logs = cells.flatMap(([, cell]) => (cell.seconds === null ? [] : [log(cell.seconds)]))
    const least = Math.min(...logs)
    const most = Math.max(...logs)
    const row = new Map<string, number>()
    for (const [run, cell] of cells) {
      // a spread below a quarter is the same speed: noise has no shades
      const flat = cell.seconds === null || most - least < Math.log(1.25)
      row.set(run, flat ? 2 : Math.round(((log(cell.seconds!) - least) / (most - least)) * 4))
    }
    found.set(task, row)
  }
  return found
}

function log(seconds: number): number {
  return Math.log(Math.max(seconds, 0.001))
}

/** Return heights from 0 to 1 of the bars above the grid: the longest run is 1. */
export function heights(grid: RunsGrid): (number | null)[] {
  const most = Math.max(...grid.seconds.map((one) => one ?? 0), 0.001)
  return grid.seconds.map((one) => (one === null ? null : one / most))
}

/** Return the cell that a key leads to in a grid of so many rows and columns; `null` if it is no such key. */
export function cellKey(
  row: number,
  column: number,
  rows: number,
  columns: number,
  key: string,
  ctrl: boolean,
): [number, number] | null {
  const last = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1)
  switch (key) {
    case 'ArrowLeft':
      return [row, last(column - 1, columns)]
    case 'ArrowRight':
      return [row, last(column + 1, columns)]
    case 'ArrowUp':
      return [last(row - 1, rows), column]
    case 'ArrowDown':
      return [last(row + 1, rows), column]
    case 'Home':
      return [ctrl ? 0 : row, 0]
    case 'End':
      return [ctrl ? rows - 1 : row, columns - 1]
    case 'PageUp':
      return [last(row - 10, rows), column]
    case 'PageDown':
      return [last(row + 10, rows), column]
  }
  return null
}
