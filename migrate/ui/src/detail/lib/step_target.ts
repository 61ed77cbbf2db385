// Which instance a next step is about: an explanation tells also what to do with the one at fault.
import type { Explanation, NextStep } from '../../lib/types'

/** Return the ID of the instance that *step* acts on: one of the chain if that has the same step, else its own. */
export function stepTarget(why: Explanation, step: NextStep): string {
  const same = (one: NextStep): boolean => one.sentence === step.sentence && one.command === step.command
  return why.chain.find((link) => link.nextSteps.some(same))?.instanceId ?? why.instanceId
}
