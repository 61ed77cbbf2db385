import { describe, expect, it } from 'vitest'
import { byHub, queryOf } from './batch'

describe('what was chosen by hand', () => {
  it('is told apart by hub', () => {
    expect([...byHub(['a@x\n1', 'b@x\n@n@k\ny', 'a@x\n2'])]).toEqual([['a@x', ['1', '2']], ['b@x', ['@n@k\ny']]])
  })

  it('is a query of its IDs', () => {
    expect(queryOf(['order/7'])).toBe('id:order/7')
    expect(queryOf(['a b', '@c@k*', 'x'])).toBe('id:("a b"|"@c@k\\*"|x)')
  })
})
