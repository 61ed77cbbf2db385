// Reason codes of durahub_migrate.monitor.waiting, in a few words each.

const TEXTS: Record<string, string> = {
  never_started: 'Never started', scheduled: 'Scheduled for later', queued_behind_backlog: 'Behind a backlog', no_owner: 'Partition without owner',
  owner_not_renewing: 'Owner does not renew', no_workers: 'No workers', message_poison: 'Poison message', activity_queued: 'Activity queued',
  activity_running: 'Activity running', activity_running_long: 'Activity running long', activity_poison: 'Poison activity', message_lost: 'Message lost',
  timer_until: 'Timer', retry_until: 'Waits to try again', child_running: 'Child running', child_missing: 'Child missing', event_or_entity: 'Event or entity',
  entity_lock_held_by: 'Entity locked', suspended: 'Suspended', checkpoint_stale: 'No checkpoint', status_row_disagrees_with_history: 'Status disagrees',
  hub_frozen: 'Hub frozen', working: 'Working', ended: 'Ended', unknown: 'Not known',
}

/** `activity_poison` as `Poison activity`; a code that is new is shown with its underscores gone. */
export const reasonText = (code: string): string => TEXTS[code] ?? code.replaceAll('_', ' ')
