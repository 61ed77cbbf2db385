import { describe, expect, it } from 'vitest'
import { readJson, sizeOf, writeJson, type Tree } from './json'

const value = (text: string): Tree => {
  const { tree, problem } = readJson(text)
  if (!tree) throw new Error(problem.sentence)
  return tree
}

describe('JSON that is shown', () => {
  it('keeps every digit of a number', () => {
    const text = '{"id":9007199254740993,"pi":3.14159265358979323846,"big":1e400,"zero":-0}'
    expect(writeJson(value(text), 0).replace(/\s/g, '')).toBe(text)
  })

  it('keeps the order of members, and members that come twice', () => {
    expect(value('{"b":1,"2":2,"a":3,"b":4}')).toMatchObject({ members: [['b', {}], ['2', {}], ['a', {}], ['b', {}]] })
  })

  it('is written like the standard writes it', () => {
    const sample = { a: [1, { b: [] }, 'x\n"\u2028'], c: {}, d: null, e: [[], [true]] }
    expect(writeJson(value(JSON.stringify(sample)))).toBe(JSON.stringify(sample, null, 2))
  })

  it('may be nested deeper than a call stack', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    expect(value(deep).kind).toBe('list')
    expect(writeJson(value(deep), 0).length).toBeGreaterThan(200_000)
  })

  it('may be one text of megabytes', () => {
    const long = JSON.stringify('x'.repeat(3_000_000))
    expect(value(long)).toMatchObject({ kind: 'text' })
  })

  it.each([
    ['{"a":1,\n "b":}', 2, 6, 'expected a value'],
    ['{"a":1,}', 1, 8, 'a comma without a member'],
    ['[1 2]', 1, 4, 'expected "," or "]"'],
    ['{a:1}', 1, 2, 'name of a member'],
    ["'x'", 1, 1, 'double quotes'],
    ['"x', 1, 1, 'does not end'],
    ['"a\nb"', 1, 3, 'line break'],
    ['"a\\q"', 1, 3, 'escape'],
    ['01', 1, 2, 'end of the text'],
    ['', 1, 1, 'ends where a value is expected'],
    ['{"a":1', 1, 7, 'expected "," or "}"'],
    ['nul', 1, 1, 'expected a value'],
  ])('says where %j is wrong', (text, line, column, sentence) => {
    const { problem } = readJson(text)
    expect(problem).toMatchObject({ line, column })
    expect(problem!.sentence).toContain(sentence)
  })

  it('agrees with the standard on what JSON is', () => {
    const samples = ['-', '1.', '.5', '+1', '1e', 'tru', '[,]', '{"a"}', '{}{}', ' [ ] ', '"\\u12"', 'NaN', 'plain words', '{"a":1} more']
    for (const text of [...samples, '\u00a01', '"\\/"', '-0.0e-1', '[1,]']) {
      let standard = true
      try {
        JSON.parse(text)
      } catch {
        standard = false
      }
      expect([text, readJson(text).problem === null]).toEqual([text, standard])
    }
  })

  it('tells how much there is', () => {
    expect(sizeOf(value('{"a":1}'))).toBe('1 member')
    expect(sizeOf(value('[1,2]'))).toBe('2 items')
  })
})
