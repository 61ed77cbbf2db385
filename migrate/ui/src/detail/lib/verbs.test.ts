import { describe, expect, it } from 'vitest'
import { action, argumentsOf, beginning, body, problems } from './verbs'

const raise = action('raise-event')!
const start = action('start')!

describe('a dialog', () => {
  it('begins with what is known', () => {
    expect(beginning(start, { name: 'Order' })).toMatchObject({ name: 'Order', input: '', tags: '' })
    expect(beginning(action('terminate')!)).toEqual({ recursive: true })
  })

  it('says what is missing and where JSON is wrong', () => {
    expect(problems(raise, { name: ' ', data: '{"a":}' })).toEqual({
      name: 'Event is needed.',
      data: expect.stringContaining('Line 1, column 6'),
    })
    expect(problems(raise, { name: 'Approve', data: '' })).toEqual({})
  })

  it('takes tags a line each', () => {
    expect(problems(start, { name: 'A', tags: 'env=prod\nwrong' })).toEqual({
      tags: 'Line 2 is not name=value.',
    })
    expect(argumentsOf(start, { name: 'A', tags: 'env=prod\nurl=a=b\n' })).toEqual({
      name: 'A',
      tags: { env: 'prod', url: 'a=b' },
    })
  })

  it('sends a payload as it was typed, so that no number loses digits', () => {
    const data = '{"id":9007199254740993}'
    expect(argumentsOf(raise, { name: 'Approve', data })).toEqual({ name: 'Approve', data })
  })

  it('sends times in UTC', () => {
    const at = '2026-05-01T10:00'
    expect(argumentsOf(start, { name: 'A', at })['at']).toBe(new Date(at).toISOString())
  })

  it('sends no empty reason', () => {
    expect(body(action('suspend')!, 'order-7', {}, '  ', false)).toEqual({
      verb: 'suspend',
      target: 'order-7',
      arguments: {},
      reason: null,
      dryRun: false,
    })
  })

  it('asks again before something is gone', () => {
    for (const verb of ['purge', 'delete-entity', 'terminate'])
      expect(action(verb)).toMatchObject({ confirm: true, preview: true })
  })
})
