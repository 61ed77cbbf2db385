// Where a page of one instance has its data from: the monitor, or a document that was opened.
import { address, get, ofHub } from '../../lib/api'
import type {
  EventPage,
  Explanation,
  FamilyNode,
  InstancePage,
  OfflineDocument,
  Sequence,
  Timeline,
} from '../../lib/types'

export type Member = 'input' | 'result' | 'failure' | 'output' | 'customStatus' | 'state'

/** What can be asked of an instance. A document knows no `why`, `family`, downloads nor actions. */
export interface Source {
  readonly hub: string
  readonly id: string
  readonly live: boolean
  page(signal?: AbortSignal): Promise<InstancePage>
  history(after: number | null, count: number, text: number, signal?: AbortSignal): Promise<EventPage>
  timeline(signal?: AbortSignal): Promise<Timeline>
  sequence(signal?: AbortSignal): Promise<Sequence>
  why(signal?: AbortSignal): Promise<Explanation | null>
  family(depth: number, signal?: AbortSignal): Promise<FamilyNode | null>
  /** The address of a whole payload: of an event, or of the instance's own. */
  payload(member: Member, event?: number): string | null
}

export function liveSource(hub: string, id: string): Source {
  return {
    hub,
    id,
    live: true,
    page: (signal) => get(ofHub(hub, 'instance'), { id }, signal),
    history: (after, count, text, signal) =>
      get(ofHub(hub, 'history'), { id, after, count, text }, signal),
    timeline: (signal) => get(ofHub(hub, 'timeline'), { id }, signal),
    sequence: (signal) => get(ofHub(hub, 'sequence'), { id }, signal),
    why: (signal) => get(ofHub(hub, 'why'), { id }, signal),
    family: (depth, signal) => get(ofHub(hub, 'family'), { id, depth }, signal),
    payload: (member, event) => address(ofHub(hub, 'payload'), { id, event, member }),
  }
}

/** The same of a document: everything is there at once, and nothing changes. */
export function documentSource(document: OfflineDocument): Source {
  const { detail, events, timeline, sequence } = document
  return {
    hub: detail.row.hub,
    id: detail.row.instanceId,
    live: false,
    page: async () => ({ detail, possible: [], readiness: [], cli: [] }),
    history: async (after, count) => {
      const from = after === null ? 0 : after + 1
      const part = events.events.slice(from, from + count)
      const last = part.at(-1)?.number ?? null
      return { ...events, events: part, after: from + count < events.events.length ? last : null }
    },
    timeline: async () => timeline,
    sequence: async () => sequence,
    why: async () => null,
    family: async () => null,
    payload: () => null,
  }
}
