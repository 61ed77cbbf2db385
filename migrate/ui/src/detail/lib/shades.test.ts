import { describe, expect, it } from 'vitest'
import type { RunsGrid } from '../../lib/types'
import { cellKey, heights, shades } from './shades'

const cell = (seconds: number | null) => ({ outcome: 'completed', seconds, attempts: 1 })
const grid: RunsGrid = {
  name: 'Order',
  runs: ['r3', 'r2', 'r1'],
  statuses: ['Running', 'Completed', 'Completed'],
  seconds: [null, 10, 5],
  tasks: ['Charge', 'Ship'],
  cells: {
    Charge: { r3: cell(null), r2: cell(100), r1: cell(1) },
    Ship: { r2: cell(2), r1: cell(2.1) },
  },
}

describe('the grid of runs', () => {
  it('compares a task with its own other runs', () => {
    const charge = shades(grid).get('Charge')!
    expect([charge.get('r1'), charge.get('r2'), charge.get('r3')]).toEqual([0, 4, 2])
  })

  it('has no shades for noise', () => {
    expect([...shades(grid).get('Ship')!.values()]).toEqual([2, 2])
  })

  it('has a bar for every run whose time is known', () => {
    expect(heights(grid)).toEqual([null, 1, 0.5])
  })

  it('is walked by keys and not left', () => {
    expect(cellKey(0, 0, 2, 3, 'ArrowUp', false)).toEqual([0, 0])
    expect(cellKey(0, 0, 2, 3, 'End', true)).toEqual([1, 2])
    expect(cellKey(1, 2, 2, 3, 'ArrowLeft', false)).toEqual([1, 1])
    expect(cellKey(0, 0, 2, 3, 'x', false)).toBeNull()
  })
})
