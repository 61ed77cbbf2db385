// A server of canned answers for "npm run dev" with DURAHUB_FIXTURES=1: no hub, no storage. It is no part of
// what is built. Without the variable, requests go to a real monitor (DURAHUB_MONITOR, or port 8088).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import * as say from './said.ts'

type Answer = (url: URL, parts: string[]) => unknown

const POLICY =
  "default-src 'self'; connect-src 'self' ws:; style-src 'self' 'unsafe-inline'" // the dev server injects styles

const ANSWERS: [RegExp, Answer][] = [
  [/^session$/, say.session],
  [/^hubs$/, say.hubs],
  [/^hubs\/[^/]+$/, (_, [, hub = '']) => say.hub(hub)],
  [/^hubs\/[^/]+\/partitions$/, (_, [, hub = '']) => say.partitions(hub)],
  [/^hubs\/[^/]+\/messages$/, (url) => say.messages(url.searchParams.get('queue') ?? '')],
  [/^hubs\/[^/]+\/storage$/, say.storage],
  [/^hubs\/[^/]+\/orphaned-blobs$/, say.orphans],
  [/^hubs\/[^/]+\/readiness$/, say.readiness],
  [/^hubs\/[^/]+\/series$/, say.series],
  [/^instances$/, say.instances],
  [/^counts$/, say.counts],
  [/^histogram$/, say.histogram],
  [/^ids$/, say.ids],
  [/^query$/, say.query],
  [/^stuck$/, say.stuck],
  [/^views$/, say.views],
  [/^audit$/, say.audit],
  [/^alerts$/, say.alerts],
  [/^jobs$/, say.jobs],
  [/^jobs\/[^/]+/, (_, [, number = '']) => say.job(number)],
]

export function fixtures(): Plugin {
  return {
    name: 'fixtures',
    apply: (_, { command }) => command === 'serve' && Boolean(process.env.DURAHUB_FIXTURES),
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? '/', 'http://fixture')
        if (!url.pathname.startsWith('/api/')) {
          response.setHeader('Content-Security-Policy', POLICY)
          return next()
        }
        answer(url, request, response)
      })
    },
  }
}

function answer(url: URL, request: IncomingMessage, response: ServerResponse): void {
  const path = url.pathname.slice('/api/'.length)
  if (path === 'events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('event: ping\ndata: {}\n\n')
    const timer = setInterval(() => response.write(`event: rows\ndata: ${JSON.stringify({ hub: 'orders@local', ids: [] })}\n\n`), 4000)
    request.on('close', () => clearInterval(timer))
    return
  }
  const found = ANSWERS.find(([pattern]) => pattern.test(path))
  response.setHeader('Content-Type', 'application/json')
  if (!found) {
    response.statusCode = 404
    response.end(JSON.stringify({ code: '404', sentence: `The fixture has no answer to ${path}.`, next: null }))
    return
  }
  response.end(JSON.stringify(found[1](url, path.split('/').map(decodeURIComponent))))
}
