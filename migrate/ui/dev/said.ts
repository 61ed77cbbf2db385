// What the fixture says: made up, the same at every start.
import type {
  Alert, AuditEntry, BlobView, Bucket, Counts, HubStanding, JobView, MessageView, PartitionsView, QueryCheck, Readiness, Row,
  RowPage, SavedView, Series, Session, StorageView, Stuck,
} from '../src/lib/types.ts'

const NOW = Date.now()
const at = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString()
const HUBS = ['orders@local', 'billing@contosoprod', 'mailing@contosoprod', 'archive@2026-10']
const NAMES = ['OrderProcessing', 'ChargeCard', 'NightlyReport', 'SendMailing', 'FulfilmentOfAVeryLongName']
const STATUSES = ['Completed', 'Completed', 'Completed', 'Running', 'Completed', 'Failed', 'Pending', 'Suspended', 'Terminated']
const TOTAL = 1_000_000

function row(n: number): Row {
  const mixed = (n * 2654435761) >>> 0
  const status = STATUSES[mixed % STATUSES.length] ?? 'Running'
  const created = n * 7 + 5
  const ended = ['Completed', 'Failed', 'Terminated'].includes(status)
  const entity = mixed % 17 === 0
  const name = entity ? 'counter' : (NAMES[mixed % NAMES.length] ?? '')
  return {
    hub: HUBS[(mixed >>> 8) % 3] ?? '', instanceId: entity ? `@counter@user-${n}` : `order/2026-11/${n.toString(16).padStart(8, '0')}-${mixed.toString(16)}`,
    kind: entity ? 'entity' : 'orchestration', executionId: mixed.toString(16), name, version: mixed % 3 ? '1.2' : null,
    status: entity ? 'Running' : status, created: at(created), updated: at(Math.max(0, created - (mixed % 900))),
    completed: ended ? at(Math.max(0, created - (mixed % 900))) : null, scheduledStart: null,
    customStatus: mixed % 4 ? null : '{"step": "charging", "percent": 40}',
    output: status === 'Failed' ? 'Activity "ChargeCard" failed: <b>the card was declined</b> & nobody knows why' : ended ? '{"ok": true}' : null,
    input: null, tags: mixed % 5 ? {} : { region: 'eu', tier: 'gold' }, parentId: mixed % 6 ? null : `order/2026-11/${n}`, generation: null,
    partition: mixed % 4, bytes: mixed % 90_000, key: entity ? `user-${n}` : null, lockedBy: null, seen: at(4),
  }
}

export function session(): Session {
  const all = ['read', 'payloads', 'start', 'suspend', 'resume', 'terminate', 'purge', 'restart', 'rewind', 'raise-event', 'delete-blobs']
  return {
    user: { name: 'you', via: 'loopback' }, csrf: 'x', version: '0.1.0', login: null, may: Object.fromEntries(HUBS.map((hub) => [hub, all])),
    mayAll: [], readOnly: false, now: new Date().toISOString(), settings: { payloads: true, cli: 'durahub', stuckAfter: 300 },
  }
}

const fresh = { complete: at(40), changed: at(12), swept: 0.98, rows: 812_345 }

export function hubs(): HubStanding[] {
  const base = {
    freshness: fresh, problem: null, entities: 1200, stuck: 0,
    can: ['queues', 'leases', 'blobs', 'messages', 'history', 'entities', 'act', 'set-custom-status', 'delete-hub'] as HubStanding['can'],
  }
  return [
    { ...base, ref: { key: 'orders@local', name: 'orders', address: 'UseDevelopmentStorage=true', kind: 'classic' }, health: 'watched', budget: { allowed: 20, spent: 312, total: 90_422, waiting: 0 }, counts: { Running: 412, Pending: 31, Suspended: 3, Completed: 809_112, Failed: 2711, Terminated: 76 }, stuck: 7 },
    { ...base, ref: { key: 'billing@contosoprod', name: 'billing', address: 'https://contosoprod.table.core.windows.net', kind: 'classic' }, health: 'throttled', problem: 'Storage asks for patience: the account is over its limit. What is shown gets older until it answers again.', budget: { allowed: 10, spent: 590, total: 12_022, waiting: 14 }, freshness: { complete: null, changed: at(95), swept: 0.41, rows: 51_200 }, counts: { Running: 51, Completed: 51_000, Failed: 9 } },
    { ...base, ref: { key: 'mailing@contosoprod', name: 'mailing', address: 'https://contosoprod.northeurope.durabletask.io', kind: 'endpoint' }, health: 'denied', problem: 'The identity may not read this hub. Give it the role “Durable Task Data Reader” on the hub.', can: ['history', 'act'], budget: { allowed: 10, spent: 1, total: 4, waiting: 0 }, freshness: { complete: null, changed: null, swept: null, rows: 0 }, counts: {}, entities: 0 },
    { ...base, ref: { key: 'archive@2026-10', name: 'archive', address: 'archive/2026-10.hub', kind: 'bundle' }, health: 'watched', budget: { allowed: null, spent: 0, total: 0, waiting: 0 }, can: ['history', 'entities'], freshness: { complete: at(3600), changed: at(3600), swept: 1, rows: 20_000 }, counts: { Completed: 20_000 }, entities: 0 },
  ]
}

export const hub = (key: string): HubStanding | undefined => hubs().find((one) => one.ref.key === key)

export function instances(url: URL): RowPage {
  const count = Number(url.searchParams.get('count') ?? 100)
  const ascending = !(url.searchParams.get('sort') ?? '-created').startsWith('-')
  const from = Number(url.searchParams.get('after') ?? 0)
  const rows = Array.from({ length: Math.min(count, TOTAL - from) }, (_, i) => row(ascending ? TOTAL - 1 - from - i : from + i))
  const q = url.searchParams.get('q')
  return { rows, after: from + count < TOTAL ? String(from + count) : null, total: url.searchParams.get('total') ? TOTAL : null, freshness: { 'orders@local': fresh }, cli: `durahub instance list${q ? ` '${q}'` : ''}` }
}

export function counts(): Counts {
  return { statuses: { Running: 412, Pending: 31, Suspended: 3, Completed: 996_767, Failed: 2711, Terminated: 76 }, total: TOTAL, names: Object.fromEntries(NAMES.map((name, n) => [name, { Completed: 300_000 >> n, Failed: 900 >> n, Running: 99 >> n }])) }
}

export function histogram(): Bucket[] {
  return Array.from({ length: 60 }, (_, n) => ({ start: at((60 - n) * 3600), counts: { Completed: 400 + Math.round(300 * Math.sin(n / 5)), Failed: n % 9 === 0 ? 60 : 4, Running: n > 55 ? 80 : 2 } }))
}

export const ids = (url: URL): string[] => Array.from({ length: 8 }, (_, n) => `${url.searchParams.get('prefix') ?? ''}${n}a7`)

export function query(url: URL): QueryCheck {
  const text = url.searchParams.get('q') ?? ''
  const bad = text.includes('bogus')
  return {
    ok: !bad, problem: bad ? '“bogus” is no field of the query language' : null, position: bad ? text.indexOf('bogus') : null,
    completions: ['status:Running', 'status:Failed', 'name:OrderProcessing', 'age>1h', 'created>-24h'].map((one) => ({ text: one, kind: 'value', help: 'as typed' })), conditions: [],
  }
}

export function stuck(): Stuck[] {
  return [
    { hub: 'orders@local', instanceId: row(4).instanceId, name: 'OrderProcessing', status: 'Running', reason: 'activity_poison', sentence: 'Waiting 41 min for activity ChargeCard (try 3): its message was delivered 7 times and never finished.', since: at(2460), seconds: 2460, whole: true },
    { hub: 'orders@local', instanceId: row(9).instanceId, name: 'NightlyReport', status: 'Pending', reason: 'never_started', sentence: 'Created 3 h ago and never started: its start message is not in its queue.', since: at(10_800), seconds: 10_800, whole: false },
    { hub: 'billing@contosoprod', instanceId: row(11).instanceId, name: 'ChargeCard', status: 'Running', reason: 'no_owner', sentence: 'Nobody holds partition 2.', since: at(700), seconds: 700, whole: false },
  ]
}

export function partitions(_: string): PartitionsView {
  const queue = (n: number, depth: number) => ({ name: `orders-control-0${n}`, depth, visible: Math.min(32, depth), hidden: n, oldest: depth ? at(depth * 4) : null, deliveries: n === 2 ? 7 : 1, poison: n === 2 ? 1 : 0, growth: n === 2 ? 4.5 : n === 1 ? -1 : 0 })
  return {
    at: at(3), manager: 'table', appLease: 'worker-1', problems: ['Partition 3 has no owner.'],
    partitions: [0, 1, 2, 3].map((n) => ({
      index: n, queue: queue(n, [3, 0, 420, 12][n] ?? 0), holding: (['held', 'draining', 'held', 'expired'] as const)[n] ?? 'held', manager: 'table', owner: n === 3 ? 'worker-9' : `worker-${n % 2}`, nextOwner: n === 1 ? 'worker-0' : null,
      ownedSince: at(4000 * (n + 1)), renewed: at(4), expires: n === 3 ? at(50) : at(-26), changes: n === 1 ? 9 : 0, flapping: n === 1, instances: 200_000 + n * 1000, running: [40, 31, 310, 31][n] ?? 0, bytes: 400e6, share: [0.1, 0.08, 0.74, 0.08][n] ?? 0, hot: n === 2, whyHot: n === 2 ? '74 % of all instances that have not ended, 9 times the others' : null,
    })),
    workItems: { name: 'orders-workitems', depth: 12, visible: 8, hidden: 4, oldest: at(33), deliveries: 3, poison: 0, growth: 0.5 },
    workers: [{ name: 'worker-0', partitions: [0, 2], seen: at(4), hasAppLease: false, maker: '.NET' }, { name: 'worker-1', partitions: [1], seen: at(3), hasAppLease: true, maker: 'durahub' }],
  }
}

export function messages(queue: string): MessageView[] {
  return [
    { queue, messageId: 'a1', verdict: 'poison', why: 'It was delivered 7 times and never finished.', target: row(4).instanceId, event: 'TaskScheduled', name: 'ChargeCard', inserted: at(2400), deliveries: 7, blob: null, bytes: 2211 },
    { queue, messageId: 'a2', verdict: 'ok', why: null, target: row(5).instanceId, event: 'TimerFired', name: null, inserted: at(20), deliveries: 1, blob: null, bytes: 400 },
    { queue, messageId: 'a3', verdict: 'orphan', why: 'There is no instance of that ID.', target: 'gone', event: 'EventRaised', name: 'Approved', inserted: at(99_000), deliveries: 0, blob: 'gone/message-a3.json.gz', bytes: 90_000 },
  ]
}

export function storage(): StorageView {
  return {
    at: at(140), instances: 812_345, entities: 1200, rows: 9_112_004, bytesRows: 4.2e9, bytesBlobs: 11.9e9, blobs: 88_120, messages: 435, sampled: 0.02, orphaned: 3, orphanedBytes: 9e6, growthBytes: 91e6, growthInstances: 9100, costMonth: 41.7, currency: 'EUR',
    assumptions: ['Prices: hot tier, locally redundant, West Europe, as of the setting “prices”.', 'Polling of 4 control queues and 1 work-item queue by 2 workers.', 'Rows of history by 2 % of instances.'],
    names: NAMES.map((name, n) => ({ name, instances: 400_000 >> n, rows: 4_000_000 >> n, bytes: 8e9 / 2 ** n })),
  }
}

export const orphans = (): BlobView[] => [1, 2, 3].map((n) => ({ name: `order-${n}/history-0000000${n}.json.gz`, bytes: 3e6, changed: at(86_400 * n), instanceId: `order-${n}` }))

export const readiness = (): Readiness => ({ checked: at(600), findings: [{ code: 'R101', severity: 'warning', count: 12, sentence: '12 instances have a payload of more than 1 MB.', instances: ['a', 'b'] }] })

export function series(): Series {
  const hours = Array.from({ length: 24 }, (_, n) => n)
  return { times: hours.map((n) => at((24 - n) * 3600)), started: hours.map((n) => 300 + n * 4), ended: hours.map((n) => 290 + n * 4), failed: hours.map((n) => n % 4), p50: hours.map(() => 2.2), p95: hours.map(() => 9.1) }
}

export const views = (): SavedView[] => [
  { name: 'Failed today', query: 'status:Failed created>-24h', sort: '-created', columns: [], hubs: [], shared: true, count: 61 },
  { name: 'Gold, running long', query: 'tag.tier:gold status:Running age>1h', sort: '-duration', columns: [], hubs: ['orders@local'], shared: true, count: 4 },
]

export const audit = (): { entries: AuditEntry[]; after: string | null } => ({
  entries: [
    { at: at(60), user: 'ada', via: 'oidc', verb: 'terminate', hub: 'orders@local', target: row(4).instanceId, result: 'done', reason: 'the card is blocked', sentence: 'Terminated.', job: null, requestId: 'r1' },
    { at: at(600), user: 'bob', via: 'token', verb: 'purge', hub: 'orders@local', target: '', result: 'refused', reason: null, sentence: 'There is no grant for “purge”.', job: '3', requestId: 'r2' },
  ],
  after: null,
})

export const alerts = (): Alert[] => [{ rule: 'stuck', hub: 'orders@local', instanceId: row(4).instanceId, reason: 'activity_poison', sentence: '7 instances have not moved for 5 min.', since: at(2000), at: at(300), delivered: true }]

function jobOf(number: string, state: JobView['state'], done: number): JobView {
  return {
    number, state, made: at(900), by: 'ada', total: 12_000, done, skipped: 12, failed: 3, started: at(800), ended: null, problem: null,
    request: { command: { verb: 'purge', hub: 'orders@local', target: '', arguments: {}, reason: 'clean-up' }, query: 'status:Completed completed<-30d', rate: 20, archive: 'archive/2026-11', most: 50_000, dryRun: false },
    cost: { instances: 12_000, rows: 140_000, blobs: 90, bytes: 81e6, requests: 21_000, exact: false, skipped: { 'not ended': 12 }, reruns: [], children: [], examples: [row(1).instanceId] }, lastFailures: ['order/1: its history could not be read'],
  }
}
export const jobs = (): JobView[] => [jobOf('4', 'running', 5100), jobOf('3', 'ready', 0), jobOf('2', 'done', 11_985)]
export const job = (number: string): JobView => jobs().find((one) => one.number === number) ?? jobOf(number, 'paused', 400)
