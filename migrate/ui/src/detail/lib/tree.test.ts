import { describe, expect, it } from 'vitest'
import type { FamilyNode } from '../../lib/types'
import { statuses, treeKey, treeRows } from './tree'

const node = (instanceId: string, children: FamilyNode[] = [], status: string | null = 'Running'): FamilyNode => ({
  instanceId,
  name: 'Order',
  status,
  relation: 'child',
  executionId: null,
  created: null,
  completed: null,
  generation: null,
  begunAnew: false,
  children,
  more: 0,
})
const family = node('a', [node('b', [node('c')]), node('d', [], null)])
const ids = (closed: string[] = []) => treeRows(family, new Set(closed)).map((one) => one.node.instanceId)

describe('a family', () => {
  it('is rows from the top, parents before children', () => {
    expect(ids()).toEqual(['a', 'b', 'c', 'd'])
    expect(treeRows(family, new Set()).map((one) => one.level)).toEqual([1, 2, 3, 2])
  })

  it('hides what is below a closed node', () => {
    expect(ids(['0.0'])).toEqual(['a', 'b', 'd'])
    expect(ids(['0'])).toEqual(['a'])
  })

  it('may be deeper than a call stack', () => {
    let deep = node('x')
    for (let i = 0; i < 50_000; i++) deep = node('x', [deep])
    expect(treeRows(deep, new Set())).toHaveLength(50_001)
  })

  it('is walked by keys as trees are', () => {
    const rows = treeRows(family, new Set())
    expect(treeKey(rows, '0', 'ArrowDown')).toEqual({ go: '0.0' })
    expect(treeKey(rows, '0.0', 'ArrowRight')).toEqual({ go: '0.0.0' })
    expect(treeKey(rows, '0.0', 'ArrowLeft')).toEqual({ close: '0.0' })
    expect(treeKey(rows, '0.0.0', 'ArrowLeft')).toEqual({ go: '0.0' })
    expect(treeKey(rows, '0', 'End')).toEqual({ go: '0.1' })
    const closed = treeRows(family, new Set(['0.0']))
    expect(treeKey(closed, '0.0', 'ArrowRight')).toEqual({ open: '0.0' })
    expect(treeKey(closed, '0.1', 'ArrowDown')).toBeNull()
  })

  it('is counted by status, with those that are gone', () => {
    expect([...statuses(family)]).toEqual(expect.arrayContaining([['Running', 3], ['gone', 1]]))
  })
})
