// Changes as the server tells them: one connection for all pages. It rests while nobody looks or asks.
import type { Alert, HubStanding, JobView } from './types'

export interface Told {
  rows: { hub: string; ids: string[] } // no IDs: anything may have changed
  hub: HubStanding
  job: JobView
  alert: Alert
}
type Kind = keyof Told
type Listener<K extends Kind> = (value: Told[K]) => void

const KINDS: readonly Kind[] = ['rows', 'hub', 'job', 'alert']
export type Connection = 'off' | 'connecting' | 'on'

export class Feed {
  private source: EventSource | null = null
  private listeners = new Map<Kind, Set<Listener<Kind>>>()
  private wanted = false
  private wasOff = false

  constructor(
    private readonly address: string,
    private readonly told: (state: Connection, again?: boolean) => void,
  ) {
    document.addEventListener('visibilitychange', () => this.settle())
  }

  /** Starts or stops; a hidden tab holds no connection, and asks for everything anew when it is shown. */
  want(wanted: boolean): void {
    this.wanted = wanted
    this.settle()
  }

  on<K extends Kind>(kind: K, listener: Listener<K>): () => void {
    const all = this.listeners.get(kind) ?? new Set()
    this.listeners.set(kind, all)
    all.add(listener as Listener<Kind>)
    return () => all.delete(listener as Listener<Kind>)
  }

  private settle(): void {
    const open = this.wanted && !document.hidden
    if (open && !this.source) this.connect()
    if (!open && this.source) {
      this.source.close()
      this.source = null
      this.wasOff = true
      this.told('off')
    }
  }

  private connect(): void {
    const source = new EventSource(new URL(this.address, document.baseURI))
    this.source = source
    this.told('connecting')
    source.onopen = () => {
      this.told('on', this.wasOff)
      if (this.wasOff) this.tell('rows', { hub: '', ids: [] })
      this.wasOff = false
    }
    source.onerror = () => {
      this.wasOff = true
      this.told('connecting')
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        this.source = null
        this.told('off')
        setTimeout(() => this.settle(), 5000)
      }
    }
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => this.tell(kind, JSON.parse((event as MessageEvent<string>).data)))
    }
  }

  private tell<K extends Kind>(kind: K, value: Told[K]): void {
    for (const listener of this.listeners.get(kind) ?? []) listener(value)
  }
}
