// What codes of the API are called on a page. A code that is not known here is shown as it is, made legible.

/** How something looks: each tone has a colour in the theme, and always a sign beside it. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm'

export interface Word {
  text: string
  tone: Tone
  help?: string
}

const REASONS: Record<string, Word> = {
  never_started: { text: 'Never started', tone: 'bad' },
  scheduled: { text: 'Scheduled for later', tone: 'calm' },
  queued_behind_backlog: { text: 'Behind a backlog', tone: 'warn' },
  no_owner: { text: 'Partition without owner', tone: 'bad' },
  owner_not_renewing: { text: 'Owner does not renew', tone: 'bad' },
  no_workers: { text: 'No workers', tone: 'bad' },
  message_poison: { text: 'Poison message', tone: 'bad' },
  activity_queued: { text: 'Activity queued', tone: 'warn' },
  activity_running: { text: 'Activity running', tone: 'busy' },
  activity_running_long: { text: 'Activity runs long', tone: 'warn' },
  activity_poison: { text: 'Poison activity', tone: 'bad' },
  message_lost: { text: 'Message lost', tone: 'bad' },
  timer_until: { text: 'Timer', tone: 'calm' },
  retry_until: { text: 'Waits to retry', tone: 'warn' },
  child_running: { text: 'Child running', tone: 'busy' },
  child_missing: { text: 'Child missing', tone: 'bad' },
  event_or_entity: { text: 'Event or entity', tone: 'calm' },
  entity_lock_held_by: { text: 'Entity lock held', tone: 'warn' },
  suspended: { text: 'Suspended', tone: 'calm' },
  checkpoint_stale: { text: 'No checkpoint follows', tone: 'bad' },
  status_row_disagrees_with_history: { text: 'Status disagrees with history', tone: 'bad' },
  hub_frozen: { text: 'Hub is frozen', tone: 'warn' },
  working: { text: 'Working', tone: 'good' },
  ended: { text: 'Ended', tone: 'good' },
  unknown: { text: 'Not known', tone: 'warn' },
}

export function reason(code: string): Word {
  return REASONS[code] ?? { text: legible(code), tone: 'calm' }
}

const OUTCOMES: Record<string, Word> = {
  completed: { text: 'completed', tone: 'good' },
  failed: { text: 'failed', tone: 'bad' },
  open: { text: 'open', tone: 'busy' },
  fired: { text: 'fired', tone: 'good' },
  canceled: { text: 'canceled', tone: 'calm' },
  terminated: { text: 'terminated', tone: 'bad' },
}

export function outcome(code: string): Word {
  return OUTCOMES[code] ?? { text: legible(code), tone: 'calm' }
}

const MESSAGES: Record<string, Word> = {
  queued: { text: 'queued', tone: 'warn', help: 'Nobody has taken it yet.' },
  taken: { text: 'taken', tone: 'busy', help: 'It is hidden: a worker has it, or its time has not come.' },
  missing: { text: 'missing', tone: 'bad', help: 'No message was found for it.' },
  none: { text: 'needs none', tone: 'calm', help: 'It ends without a message.' },
  unknown: { text: 'not known', tone: 'calm', help: 'Its queue was not looked at, or cannot be.' },
}

export function message(code: string): Word {
  return MESSAGES[code] ?? { text: legible(code), tone: 'calm' }
}

/** How sure a piece of evidence is, in a word. */
export function weight(code: string): Word {
  if (code === 'fact') return { text: 'fact', tone: 'good', help: 'It stands in storage.' }
  if (code === 'likely')
    return { text: 'likely', tone: 'warn', help: 'It follows from what stands in storage.' }
  return { text: 'not read', tone: 'calm', help: 'It could not be read, or not within the budget.' }
}

/** Kinds of groups and of pending work; each has a drawing in a square of 12 by 12, so that colour is never alone. */
export interface Kind {
  text: string
  many: string
  path: string
}

const DIAMOND = 'M6 1 11 6 6 11 1 6Z'

const KINDS: Record<string, Kind> = {
  start: { text: 'Start', many: 'Start', path: 'M3.5 2v8L10 6Z' },
  activity: { text: 'Activity', many: 'Activities', path: 'M7 1 3 7h3l-1 4 4-6H6Z' },
  timer: { text: 'Timer', many: 'Timers', path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M6 3.5V6l1.8 1.2' },
  child: {
    text: 'Sub-orchestration',
    many: 'Sub-orchestrations',
    path: 'M3 1.5v4a2 2 0 0 0 2 2h4.5M7.4 5.4 9.5 7.5 7.4 9.6',
  },
  event: { text: 'Event received', many: 'Events received', path: 'M6 1.5v6M3.5 5 6 7.5 8.5 5M2 10.5h8' },
  sent: { text: 'Event sent', many: 'Events sent', path: 'M6 8V2M3.5 4.5 6 2l2.5 2.5M2 10.5h8' },
  entity: { text: 'Entity', many: 'Entities', path: `${DIAMOND}M6 4v4M4 6h4` },
  'entity-call': { text: 'Entity call', many: 'Entity calls', path: `${DIAMOND}M6 4v4M4 6h4` },
  'entity-signal': { text: 'Entity signal', many: 'Entity signals', path: DIAMOND },
  lock: { text: 'Lock', many: 'Locks', path: 'M3 5.5h6v5H3ZM4.3 5.5V4a1.7 1.7 0 0 1 3.4 0v1.5' },
  suspension: { text: 'Suspension', many: 'Suspensions', path: 'M3.8 2v8M8.2 2v8' },
  rewind: { text: 'Rewind', many: 'Rewinds', path: 'M2.3 4.2A4.2 4.2 0 1 1 2 7.3M2 1.6v2.8h2.8' },
  end: { text: 'End', many: 'End', path: 'M2.5 2.5h7v7h-7Z' },
}

export function kind(code: string): Kind {
  return KINDS[code] ?? { text: legible(code), many: legible(code), path: 'M6 5.4v1.2' }
}

/** Return what the monitor says in half a sentence as a whole one: `it is suspended` as `It is suspended.` */
export function whole(text: string): string {
  const trimmed = text.trim()
  const last = trimmed.at(-1) ?? ''
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?…:]/.test(last) ? '' : '.')
}

/** Return `status_row-disagrees` as `Status row disagrees`, `TaskScheduled` as `Task scheduled`. */
export function legible(code: string): string {
  const spaced = code
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .trim()
    .toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
