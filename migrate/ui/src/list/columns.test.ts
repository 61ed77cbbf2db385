import { describe, expect, it } from 'vitest'
import { columnsOf, moved, readLayout, resized, switched, usual } from './columns'

const layout = { order: ['status', 'id', 'created'], widths: {} }

describe('the columns of the list', () => {
  it('are the usual ones where nothing is kept, or damage', () => {
    for (const text of [null, '', 'no', '{}', '{"order":["nothing"]}', '{"order":5}']) expect(readLayout(text)).toEqual(usual())
  })

  it('are those that were kept', () => {
    const kept = resized({ ...layout, order: ['id', 'status'] }, 'id', 30)
    expect(columnsOf(readLayout(JSON.stringify(kept))).map((one) => [one.key, one.width])).toEqual([['id', 30], ['status', 9]])
  })

  it('move, but not off the table', () => {
    expect(moved(layout, 'id', 1).order).toEqual(['status', 'created', 'id'])
    expect(moved(layout, 'id', -9).order).toEqual(['id', 'status', 'created'])
    expect(moved(layout, 'none', 1)).toBe(layout)
  })

  it('are hidden except the last, and shown at their usual place', () => {
    expect(switched(layout, 'id').order).toEqual(['status', 'created'])
    expect(switched({ order: ['id'], widths: {} }, 'id').order).toEqual(['id'])
    expect(switched(layout, 'hub').order).toEqual(['status', 'id', 'hub', 'created'])
  })

  it('have a least width', () => {
    expect(resized(layout, 'id', 1).widths.id).toBe(3.5)
  })
})
