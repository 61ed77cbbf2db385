// How a status looks: a class for its colours, and a shape, so that nobody has to tell it by colour.

export const STATUSES = [
  'Pending', 'Running', 'Suspended', 'Completed', 'Failed', 'Terminated', 'Canceled', 'ContinuedAsNew',
] as const
export const ENDED: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Terminated', 'Canceled'])

interface Look { tone: string; path: string; text: string }

// Paths in a square of 12 by 12.
const LOOKS: Record<string, Look> = {
  Pending: { tone: 'pending', text: 'Pending', path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M6 3.5V6l1.8 1.2' },
  Running: { tone: 'running', text: 'Running', path: 'M3.5 2v8L10 6Z' },
  Suspended: { tone: 'suspended', text: 'Suspended', path: 'M3.8 2v8M8.2 2v8' },
  Completed: { tone: 'completed', text: 'Completed', path: 'M2 6.3 4.8 9 10 3' },
  Failed: { tone: 'failed', text: 'Failed', path: 'M2.5 2.5l7 7M9.5 2.5l-7 7' },
  Terminated: { tone: 'terminated', text: 'Terminated', path: 'M2.5 2.5h7v7h-7Z' },
  Canceled: { tone: 'canceled', text: 'Canceled', path: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M3 9l6-6' },
  ContinuedAsNew: { tone: 'continued', text: 'Continued as new', path: 'M9.7 4.2A4.2 4.2 0 1 0 10 7.3M10 1.6v2.8H7.2' },
}

/** The look of a status; an unknown one is shown as it is called. */
export function look(status: string | null): Look {
  if (status === null) return { tone: 'canceled', text: 'not there', path: 'M3 6h6' }
  return LOOKS[status] ?? { tone: 'canceled', text: status, path: 'M6 5.4v1.2' }
}
