// The values of durahub_migrate.monitor as json_form.to_json writes them, and the bodies of the API.
// Times are ISO 8601 texts in UTC; what is not known is null.

export type Time = string

export type StoreKind = 'classic' | 'scheduler' | 'endpoint' | 'bundle'
export type HealthState = 'starting' | 'watched' | 'throttled' | 'denied' | 'unreachable' | 'gone'
export type Ability =
  | 'queues' | 'leases' | 'blobs' | 'messages' | 'history' | 'entities' | 'act' | 'set-custom-status' | 'delete-hub'
export type Verb =
  | 'start' | 'raise-event' | 'suspend' | 'resume' | 'terminate' | 'restart' | 'rewind' | 'purge'
  | 'set-custom-status' | 'signal-entity' | 'delete-entity' | 'clean-entities' | 'delete-blobs' | 'delete-hub'

export interface Settings { payloads: boolean; cli: string; requireReason?: boolean; stuckAfter: number }
export interface Session {
  user: { name: string; via: string } | null
  csrf: string
  version: string
  login: string | null
  may: Record<string, string[]>
  mayAll: string[]
  readOnly: boolean
  now: Time
  settings: Settings
}

export interface HubRef { key: string; name: string; address: string; kind: StoreKind }
export interface Freshness { complete: Time | null; changed: Time | null; swept: number | null; rows: number }
export interface BudgetStanding { allowed: number | null; spent: number; total: number; waiting: number }
export interface HubStanding {
  ref: HubRef
  health: HealthState
  freshness: Freshness
  budget: BudgetStanding
  problem: string | null
  counts: Record<string, number>
  entities: number
  stuck: number
  can: Ability[]
}

export interface Row {
  hub: string
  instanceId: string
  kind: 'orchestration' | 'entity'
  executionId: string | null
  name: string | null
  version: string | null
  status: string
  created: Time | null
  updated: Time | null
  completed: Time | null
  scheduledStart: Time | null
  customStatus: string | null
  output: string | null
  input: string | null
  tags: Record<string, string>
  parentId: string | null
  generation: number | null
  partition: number | null
  bytes: number | null
  key: string | null
  lockedBy: string | null
  seen: Time | null
}
export interface RowPage {
  rows: Row[]
  after: string | null
  total: number | null
  freshness: Record<string, Freshness>
  cli: string
}
export interface Counts {
  statuses: Record<string, number>
  total: number
  names: Record<string, Record<string, number>>
}
export interface Bucket { start: Time; counts: Record<string, number> }
/** What may stand from *start* to *end* of the text. */
export interface Completion { text: string; kind: string; help: string | null; start?: number; end?: number }
export interface QueryCheck {
  ok: boolean
  problem: string | null
  position: number | null
  /** What the query asks for, as a sentence would say it. */
  words?: string | null
  completions: Completion[]
  conditions: { text: string; field: string }[]
}
export interface SavedView {
  name: string
  query: string
  sort: string
  columns: string[]
  hubs: string[]
  shared: boolean
  count: number | null
}

// -- one instance ---------------------------------------------------------------------------------

export interface Detail {
  row: Row
  input: string | null
  output: string | null
  customStatus: string | null
  failure: string | null
  state: string | null
  operations: string[]
  lockedBy: string | null
  lockIsOrphaned: boolean | null
  missing: [member: string, why: string][]
}
export interface Possible { verb: Verb; allowed: boolean; whyNot: string | null; warning: string | null }
export interface Finding { code: string; severity: string; sentence: string; count?: number; instances?: string[] }
export interface InstancePage {
  detail: Detail
  possible: Possible[]
  readiness: Finding[]
  cli: { title: string; command: string }[]
}
export interface Payload {
  text: string | null
  size: number
  cut: boolean
  redacted: boolean
  blob: string | null
  missing: string | null
}
export interface EventView {
  number: number
  type: string
  timestamp: Time | null
  eventId: number
  name: string | null
  answers: number | null
  due: Time | null
  instanceId: string | null
  input: Payload | null
  result: Payload | null
  failure: string | null
  facts: Record<string, unknown>
}
export interface EventPage {
  executionId: string | null
  events: EventView[]
  total: number
  after: number | null
  problems?: string[]
}
export interface Attempt {
  number: number
  scheduled: Time | null
  ended: Time | null
  outcome: string
  first: number
  last: number
  failure: string | null
}
export interface Group {
  kind: string
  name: string | null
  start: Time | null
  end: Time | null
  outcome: string
  attempts: Attempt[]
  events: number[]
  lane: number
  episode: number
  instanceId: string | null
  due: Time | null
  failure: string | null
  wait: number | null
  run: number | null
}
export interface Timeline {
  start: Time | null
  until: Time | null
  open: boolean
  groups: Group[]
  idle: { start: Time; end: Time }[]
  lanes: number
  truncated: number
}
export interface Arrow {
  from: number
  to: number
  text: string
  outcome: string
  at: Time | null
  count: number
  event: number | null
}
export interface Sequence {
  lanes: string[]
  kinds: string[]
  arrows: Arrow[]
  mermaid: string
  truncated: number
}
export interface FamilyNode {
  instanceId: string
  name: string | null
  status: string | null
  relation: 'self' | 'parent' | 'child'
  executionId: string | null
  created: Time | null
  completed: Time | null
  generation: number | null
  begunAnew: boolean
  children: FamilyNode[]
  more: number
}
export interface DiffLine {
  change: 'same' | 'left' | 'right' | 'changed'
  left: EventView | null
  right: EventView | null
  members: Record<string, [unknown, unknown]>
}
export interface Diff { lines: DiffLine[]; left: Row; right: Row; same: number; different: number }
export interface RunsGrid {
  name: string
  runs: string[]
  statuses: string[]
  seconds: (number | null)[]
  tasks: string[]
  cells: Record<string, Record<string, { outcome: string; seconds: number | null; attempts: number }>>
}
export interface Series {
  times: Time[]
  started: number[]
  ended: number[]
  failed: number[]
  p50: (number | null)[]
  p95: (number | null)[]
}
export interface OfflineDocument { detail: Detail; events: EventPage; timeline: Timeline; sequence: Sequence }

// -- why ------------------------------------------------------------------------------------------

export interface Evidence { sentence: string; weight: 'fact' | 'likely' | 'not_read'; place: string | null; since: Time | null }
export interface Pending {
  what: string
  reason: string
  name: string | null
  eventId: number | null
  instanceId: string | null
  since: Time | null
  due: Time | null
  attempt: number
  lastFailure: string | null
  message: string
  queue: string | null
  queued: Time | null
  deliveries: number | null
}
export interface NextStep { sentence: string; command: string | null; action: Verb | null }
export interface Explanation {
  instanceId: string
  reason: string
  sentence: string
  isStuck: boolean
  at: Time
  since: Time | null
  reasons: string[]
  evidence: Evidence[]
  pending: Pending[]
  nextSteps: NextStep[]
  chain: Explanation[]
}
export interface Stuck {
  hub: string
  instanceId: string
  name: string | null
  status: string
  reason: string
  sentence: string
  since: Time | null
  seconds: number
  whole: boolean
}

// -- the hub --------------------------------------------------------------------------------------

export interface QueueView {
  name: string
  depth: number
  visible: number
  hidden: number
  oldest: Time | null
  deliveries: number
  poison: number
  growth: number | null
}
export interface PartitionView {
  index: number
  queue: QueueView
  holding: 'held' | 'expired' | 'free' | 'draining' | 'frozen'
  manager: string | null
  owner: string | null
  nextOwner: string | null
  ownedSince: Time | null
  renewed: Time | null
  expires: Time | null
  changes: number
  flapping: boolean
  instances: number
  running: number
  bytes: number
  share: number
  hot: boolean
  whyHot: string | null
}
export interface WorkerView {
  name: string
  partitions: number[]
  seen: Time | null
  hasAppLease: boolean
  maker: string | null
}
export interface PartitionsView {
  at: Time
  manager: string | null
  partitions: PartitionView[]
  workItems: QueueView | null
  workers: WorkerView[]
  appLease: string | null
  problems: string[]
}
export interface MessageView {
  queue: string
  messageId: string
  verdict: 'ok' | 'poison' | 'orphan' | 'unreadable'
  why: string | null
  target: string | null
  event: string | null
  name: string | null
  inserted: Time | null
  deliveries: number
  blob: string | null
  bytes: number
}
export interface BlobView { name: string; bytes: number; changed: Time; instanceId: string | null }
export interface StorageView {
  at: Time
  instances: number
  entities: number
  rows: number
  bytesRows: number
  bytesBlobs: number
  blobs: number
  messages: number
  sampled: number
  orphaned: number
  orphanedBytes: number
  growthBytes: number | null
  growthInstances: number | null
  costMonth: number | null
  currency: string | null
  assumptions: string[]
  names: { name: string; instances: number; rows: number; bytes: number }[]
}
export interface Readiness { checked: Time | null; findings: Finding[] }

// -- acting ---------------------------------------------------------------------------------------

export interface Command {
  verb: Verb
  hub: string
  target: string
  arguments: Record<string, unknown>
  reason: string | null
}
export interface ActionBody {
  verb: Verb
  target: string
  arguments: Record<string, unknown>
  reason: string | null
  dryRun: boolean
}
export interface Cost {
  instances: number
  rows: number
  blobs: number
  bytes: number
  requests: number
  exact: boolean
  skipped: Record<string, number>
  reruns: string[]
  children: string[]
  examples: string[]
}
export interface Done {
  verb: Verb
  target: string
  instanceId: string | null
  instances: number
  rows: number
  sentence: string
}
export type JobState = 'counting' | 'ready' | 'running' | 'paused' | 'canceled' | 'done' | 'failed'
export interface JobRequest {
  command: Command
  query: string
  rate: number
  archive: string | null
  most: number | null
  dryRun: boolean
}
export interface JobView {
  number: string
  request: JobRequest
  state: JobState
  made: Time
  by: string
  cost: Cost | null
  total: number
  done: number
  skipped: number
  failed: number
  started: Time | null
  ended: Time | null
  problem: string | null
  lastFailures: string[]
}
export interface JobBody {
  hub: string
  verb: Verb
  arguments: Record<string, unknown>
  reason: string | null
  query: string
  rate: number
  archive: string | null
  most: number | null
  dryRun: boolean
}
export interface AuditEntry {
  at: Time
  user: string
  via: string
  verb: string
  hub: string
  target: string
  result: 'tried' | 'done' | 'refused' | 'failed'
  reason: string | null
  sentence: string | null
  job: string | null
  requestId: string | null
}
export interface Alert {
  rule: string
  hub: string
  instanceId: string | null
  reason: string
  sentence: string
  since: Time | null
  at: Time | null
  delivered: boolean | Time | null
}
