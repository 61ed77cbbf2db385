import { describe, expect, it } from 'vitest'
import { quote, split, toggled, valuesOf, within, without, withValues, wordStart } from './chips'

describe('the chips of a query', () => {
  it('are its conditions, quotes and brackets whole', () => {
    expect(split('status:(Failed|Running)  name:"a b" -is:ended "out \\" of"')).toEqual([
      'status:(Failed|Running)', 'name:"a b"', '-is:ended', '"out \\" of"',
    ])
  })

  it('are one where it says or', () => {
    expect(split('status:Failed or age>1h')).toEqual(['status:Failed or age>1h'])
    expect(split('(status:Failed or age>1h) name:x')).toEqual(['(status:Failed or age>1h)', 'name:x'])
  })

  it('take "not" with what it turns around, and leave out "and"', () => {
    expect(split('not status:Failed and age>1h')).toEqual(['not status:Failed', 'age>1h'])
  })

  it('can be taken out', () => {
    expect(without('a b c', 'b')).toBe('a c')
  })

  it('give and take values of a field', () => {
    expect(toggled('', 'status', 'Failed')).toBe('status:Failed')
    expect(toggled('age>1h status:Failed x', 'status', 'Running')).toBe('age>1h status:(Failed|Running) x')
    expect(toggled('status:(failed|Running)', 'status', 'Failed')).toBe('status:Running')
    expect(toggled('status:Failed', 'status', 'Failed')).toBe('')
    expect(valuesOf('name:("a|b"|c)', 'name')).toEqual(['a|b', 'c'])
    expect(withValues('a or b', 'status', ['Failed'])).toBe('(a or b) status:Failed')
  })

  it('quote what would be read otherwise', () => {
    expect(['plain', 'a b', 'say "x"', 'or', 'a|b', '-x', 'a*', 'order/7', '@c@k', '2026', 'a\\b'].map(quote)).toEqual([
      'plain', '"a b"', '"say \\"x\\""', '"or"', '"a|b"', '"-x"', '"a\\*"', 'order/7', '@c@k', '2026', '"a\\\\b"',
    ])
  })

  it('limit the time of creation once', () => {
    expect(within('x created>-24h', '2026-11-01', '2026-11-02')).toBe('x created>=2026-11-01 created<2026-11-02')
    expect(within('x created>-24h', null, null)).toBe('x')
  })

  it('know the word before the cursor', () => {
    expect(wordStart('status:Failed na', 16)).toBe(14)
    expect(wordStart('(na', 3)).toBe(1)
  })
})
