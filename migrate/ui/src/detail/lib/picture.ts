// A timeline as text for other programs: an SVG file, and a Gantt chart for Mermaid.
import type { Timeline } from '../../lib/types'
import { type Scale, type Spans, bars, paperOf } from './bars'
import { everything } from './spans'
import { ticks } from './ticks'
import { kind } from './words'

const WIDTH = 1200
const LANE = 24
const TOP = 40
const COLOURS: Record<string, string> = {
  completed: '#2e7d4f',
  fired: '#2e7d4f',
  failed: '#c0392b',
  terminated: '#c0392b',
  open: '#2563eb',
  canceled: '#6b7280',
}

/** Return the whole timeline as an SVG document that needs nothing else; names are escaped. */
export function toSvg(timeline: Timeline, spans: Spans, scale: Scale, title: string): string {
  const sheet = paperOf(timeline, spans, scale)
  const seen = everything(sheet)
  const height = TOP + spans.lanes.length * LANE + 12
  const parts: string[] = []
  for (const tick of ticks(sheet, seen, WIDTH, { zero: spans.start, offset: 0 })) {
    const dash = tick.fold === undefined ? '' : ' stroke-dasharray="2 3"'
    parts.push(`<path d="M${n(tick.x)} 24V${height}" stroke="#d1d5db"${dash}/>`)
    if (tick.text && tick.fold === undefined) parts.push(`<text x="${n(tick.x + 3)}" y="34" fill="#6b7280">${escape(tick.text)}</text>`)
  }
  for (const bar of bars(spans, sheet, seen, WIDTH, 0, spans.lanes.length)) {
    const y = TOP + bar.lane * LANE + 4
    const colour = COLOURS[bar.span.outcome] ?? '#6b7280'
    const name = `${kind(bar.span.kind).text} ${bar.span.label}: ${bar.span.outcome}`
    parts.push(
      `<g><title>${escape(name)}</title>` +
        `<rect x="${n(bar.x)}" y="${y}" width="${n(bar.width)}" height="16" rx="3" fill="${colour}"/>` +
        `<text x="${n(bar.x + bar.width + 4)}" y="${y + 12}" fill="#111827">${escape(bar.span.label)}</text></g>`,
    )
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 200} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="11">` +
    `<rect width="100%" height="100%" fill="#ffffff"/>` +
    `<text x="4" y="15" font-size="13" fill="#111827">${escape(title)}</text>${parts.join('')}</svg>\n`
  )
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Return a text as it stands in XML; characters that XML has not at all are left out. */
export function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Return a Gantt chart in Mermaid's language, a section for every kind; at most *most* bars. */
export function toMermaid(spans: Spans, title: string, most = 500): string {
  const lines = [
    'gantt',
    `  title ${plain(title)}`,
    '  dateFormat x',
    '  axisFormat %H:%M:%S',
  ]
  const shown = [...spans.all].sort((a, b) => a.start - b.start).slice(0, most)
  let section = ''
  for (const one of shown.sort((a, b) => order(a.kind, b.kind) || a.start - b.start)) {
    const { many } = kind(one.kind)
    if (many !== section) lines.push(`  section ${many}`)
    section = many
    const mark = one.outcome === 'failed' ? 'crit, ' : one.open ? 'active, ' : 'done, '
    lines.push(`  ${plain(one.label)} :${mark}${one.start}, ${Math.max(one.end, one.start + 1)}`)
  }
  if (spans.all.length > most) lines.push(`  %% ${spans.all.length - most} more are left out`)
  return `${lines.join('\n')}\n`
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Return a text without what has a meaning in Mermaid's Gantt charts. */
function plain(text: string): string {
  return text.replace(/[:;#,\n\r%<>]/g, ' ').replace(/\s+/g, ' ').trim() || '-'
}
