// What every page shares: the session, the hubs, the clock, settings of the reader, the feed of changes.
import { get, asError, isAbort, useToken, type ApiError } from './api'
import { Feed, type Connection } from './sse'
import type { HubStanding, Session, Verb } from './types'
import { parse, type Zone } from './time'

export type Theme = 'system' | 'light' | 'dark'

function kept<T extends string>(name: string, otherwise: T): T {
  try {
    return (localStorage.getItem(`durahub.${name}`) as T | null) ?? otherwise
  } catch {
    return otherwise
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`durahub.${name}`, value)
  } catch {
    // a browser that keeps nothing: the choice lasts as long as the page
  }
}

export interface Notice { id: number; text: string; tone: 'info' | 'good' | 'bad' }

class App {
  session: Session | null = $state.raw(null)
  hubs: HubStanding[] = $state.raw([])
  loaded = $state(false)
  problem: ApiError | null = $state.raw(null)
  zone: Zone = $state(kept<Zone>('zone', 'local'))
  theme: Theme = $state(kept<Theme>('theme', 'system'))
  /** Whether pages follow changes; the reader's choice, beside what a hidden tab does by itself. */
  live = $state(kept('live', 'on') === 'on')
  connection: Connection = $state('off')
  /** The server's clock in milliseconds, to be read by what shows ages; moves every second. */
  now = $state(Date.now())
  /** Goes up when everything on the page is to be asked for again (key r, or the connection was lost). */
  turn = $state(0)
  notices: Notice[] = $state.raw([])
  /** Read out by screen readers, politely. */
  announcement = $state('')
  readonly feed = new Feed('api/events', (state, again) => {
    this.connection = state
    if (again) void this.load() // grants and hubs may be others now
  })

  private skew = 0
  private said = 0

  async start(): Promise<void> {
    this.showTheme()
    setInterval(() => {
      if (!document.hidden) this.now = Date.now() + this.skew
    }, 1000)
    this.feed.on('hub', (hub) => {
      const known = this.hubs.some((one) => one.ref.key === hub.ref.key)
      this.hubs = known ? this.hubs.map((one) => (one.ref.key === hub.ref.key ? hub : one)) : [...this.hubs, hub]
    })
    await this.load()
    this.feed.want(this.live && this.session !== null)
  }

  /** Asks for the session and the hubs, also after an error. */
  async load(): Promise<void> {
    try {
      const session = await get<Session>('api/session')
      useToken(session.csrf)
      this.skew = (parse(session.now) ?? Date.now()) - Date.now()
      this.now = Date.now() + this.skew
      this.session = session
      this.hubs = await get<HubStanding[]>('api/hubs')
      this.problem = null
    } catch (problem) {
      if (!isAbort(problem)) this.problem = asError(problem)
    }
    this.loaded = true
  }

  refresh(): void {
    this.turn += 1
    void this.load()
  }

  hub(key: string): HubStanding | undefined {
    return this.hubs.find((one) => one.ref.key === key)
  }

  /** Why the reader may not do something at a hub, or null where he may. */
  whyNot(verb: Verb | 'payloads' | 'read', hub: string): string | null {
    const session = this.session
    if (!session) return 'You are not logged in.'
    if (session.mayAll.includes(verb) || session.mayAll.includes('*')) return null
    const granted = session.may[hub] ?? []
    if (granted.includes(verb) || granted.includes('*')) return null
    if (session.readOnly) return 'This monitor is read-only: it was started without grants to change anything.'
    return `You have no grant for “${verb}” at ${hub}.`
  }

  setZone(zone: Zone): void {
    this.zone = zone
    keep('zone', zone)
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    keep('theme', theme)
    this.showTheme()
  }

  /** Light, dark, as the system has it, and round again. */
  nextTheme(): void {
    const order: Theme[] = ['system', 'light', 'dark']
    this.setTheme(order[(order.indexOf(this.theme) + 1) % order.length] ?? 'system')
    this.announce(`Theme: ${this.theme}`)
  }

  private showTheme(): void {
    if (this.theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = this.theme
  }

  setLive(live: boolean): void {
    this.live = live
    keep('live', live ? 'on' : 'off')
    this.feed.want(live)
    if (live) this.turn += 1
    this.announce(live ? 'Live updates are on' : 'Live updates are paused')
  }

  announce(text: string): void {
    this.announcement = text
  }

  /** Shows a notice for some seconds; bad ones stay until they are closed. */
  notify(text: string, tone: Notice['tone'] = 'info'): void {
    const notice = { id: ++this.said, text, tone }
    this.notices = [...this.notices, notice]
    if (tone !== 'bad') setTimeout(() => this.dismiss(notice.id), 6000)
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((one) => one.id !== id)
  }
}

export const app = new App()
export { kept, keep }
