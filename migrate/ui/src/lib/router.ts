// Addresses of pages: paths below <base href>, everything else of a page's state in the query string.

export type Page =
  | 'hubs' | 'hub' | 'instances' | 'instance' | 'entity' | 'partitions' | 'storage' | 'runs'
  | 'stuck' | 'jobs' | 'job' | 'audit' | 'alerts' | 'open' | 'diff' | 'help' | 'missing'

/** A place: its page, the parts of its path, and its state. */
export interface Place {
  page: Page
  hub: string
  id: string
  query: URLSearchParams
}

const PLAIN: Record<string, Page> = {
  '': 'hubs', instances: 'instances', stuck: 'stuck', jobs: 'jobs', audit: 'audit', alerts: 'alerts',
  open: 'open', diff: 'diff', help: 'help',
}
const OF_HUB: Record<string, Page> = { partitions: 'partitions', storage: 'storage', runs: 'runs' }

/** Reads a path below the base, as the address bar has it: `hubs/orders%40local/instances/a%2Fb`. */
export function read(path: string, search = ''): Place {
  const parts = path.replace(/^\/+|\/+$/g, '').split('/').map(decode)
  const place = (page: Page, hub = '', id = ''): Place => ({ page, hub, id, query: new URLSearchParams(search) })
  const [first = '', second = '', third = '', fourth = ''] = parts
  if (parts.length === 1) return place(PLAIN[first] ?? 'missing')
  if (first === 'jobs' && parts.length === 2) return place('job', '', second)
  if (first !== 'hubs') return place('missing')
  if (parts.length === 2) return place('hub', second)
  if (parts.length === 3) return place(OF_HUB[third] ?? 'missing', second)
  if (parts.length === 4 && third === 'instances') return place('instance', second, fourth)
  if (parts.length === 4 && third === 'entities') return place('entity', second, fourth)
  return place('missing')
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export type State = Record<string, string | number | boolean | null | undefined | readonly string[]>

/** Makes an address, relative to the base: `link('hubs', hub, 'instances', id)`. Parts are escaped. */
export function link(...parts: (string | State)[]): string {
  const last = parts.at(-1)
  const state = typeof last === 'object' ? last : {}
  const path = parts.filter((part) => typeof part === 'string').map(escape).join('/')
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(state)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '' && one !== false) query.append(name, String(one))
    }
  }
  const text = query.toString()
  return (text ? `${path}?${text}` : path) || './'
}

// "@" is allowed in a path and stands in every hub's key: it stays legible.
const escape = (part: string): string => encodeURIComponent(part).replaceAll('%40', '@')

export const toInstance = (hub: string, id: string, state: State = {}): string =>
  link('hubs', hub, id.startsWith('@') ? 'entities' : 'instances', id, state)
export const toHub = (hub: string, part = ''): string => (part ? link('hubs', hub, part) : link('hubs', hub))
export const toList = (state: State = {}): string => link('instances', state)
