// Where the reader is. Pages read `here.place`; links are plain <a href={link(...)}>.
import { read, type Place } from './router'

const base = (): string => new URL(document.baseURI).pathname

function current(): Place {
  const path = window.location.pathname
  const root = base()
  return read(path.startsWith(root) ? path.slice(root.length) : path, window.location.search)
}

class Here {
  place: Place = $state.raw(current())

  constructor() {
    window.addEventListener('popstate', () => this.look())
    document.addEventListener('click', (event) => this.follow(event))
  }

  private look(): void {
    this.place = current()
  }

  /** Goes to an address made by `link`. With *replace* the back button does not stop here. */
  go(to: string, { replace = false }: { replace?: boolean } = {}): void {
    const url = new URL(to, document.baseURI)
    if (url.href === window.location.href) return
    if (replace) window.history.replaceState(window.history.state, '', url)
    else window.history.pushState(null, '', url)
    const before = this.place
    this.look()
    if (before.page !== this.place.page || before.id !== this.place.id || before.hub !== this.place.hub) {
      window.scrollTo(0, 0)
      queueMicrotask(() => document.getElementById('main')?.focus({ preventScroll: true }))
    }
  }

  /** Changes members of the query string and keeps the others; null or '' takes one away. */
  set(changes: Record<string, string | readonly string[] | null>, options: { replace?: boolean } = {}): void {
    const query = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(changes)) {
      query.delete(name)
      for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(name, one)
    }
    const text = query.toString()
    this.go(window.location.pathname + (text && `?${text}`), options)
  }

  private follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const anchor = (event.target as Element | null)?.closest?.('a')
    if (!anchor || anchor.target || anchor.hasAttribute('download') || !anchor.href) return
    const url = new URL(anchor.href)
    if (url.origin !== window.location.origin || !url.pathname.startsWith(base())) return
    const path = url.pathname.slice(base().length)
    if (path.startsWith('api/') || path.startsWith('login') || path === 'logout' || url.hash) return
    event.preventDefault()
    this.go(anchor.href)
  }
}

export const here = new Here()
