import { describe, expect, it } from 'vitest'
import type { Explanation, NextStep } from '../../lib/types'
import { stepTarget } from './step_target'

const step = (sentence: string, command: string | null = null): NextStep => ({
  sentence,
  command,
  action: 'raise-event',
})
const explanation = (instanceId: string, nextSteps: NextStep[], chain: Explanation[] = []): Explanation => ({
  instanceId,
  reason: 'child_running',
  sentence: '',
  isStuck: false,
  at: '2026-01-01T00:00:00Z',
  since: null,
  reasons: [],
  evidence: [],
  pending: [],
  nextSteps,
  chain,
})

describe('a next step', () => {
  const child = explanation('child', [step('Raise it.', 'raise child')])
  const parent = explanation('parent', [step('Resume it.'), step('Raise it.', 'raise child')], [child])

  it('is about the instance at fault if it is one of its steps', () => {
    expect(stepTarget(parent, parent.nextSteps[1]!)).toBe('child')
  })

  it('is else about the instance itself', () => {
    expect(stepTarget(parent, parent.nextSteps[0]!)).toBe('parent')
  })
})
