// The columns of the list of instances: what may be shown, in which order and width, as the reader keeps it.
import { between, length } from '../lib/time'
import type { Row } from '../lib/types'

export interface Column {
  key: string
  title: string
  /** The field of the query language that it is sorted by. */
  sort?: string
  width: number // rem
  number?: boolean
  shown: boolean
}

export const COLUMNS: readonly Column[] = [
  { key: 'status', title: 'Status', sort: 'status', width: 9, shown: true },
  { key: 'name', title: 'Name', sort: 'name', width: 14, shown: true },
  { key: 'id', title: 'Instance ID', sort: 'id', width: 22, shown: true },
  { key: 'hub', title: 'Hub', sort: 'hub', width: 11, shown: true },
  { key: 'created', title: 'Created', sort: 'created', width: 12.5, shown: true },
  { key: 'updated', title: 'Updated', sort: 'updated', width: 12.5, shown: false },
  { key: 'completed', title: 'Ended', sort: 'completed', width: 12.5, shown: false },
  { key: 'scheduledStart', title: 'Scheduled for', sort: 'scheduled', width: 12.5, shown: false },
  { key: 'duration', title: 'Duration', sort: 'duration', width: 8, number: true, shown: true },
  { key: 'customStatus', title: 'Custom status', width: 15, shown: true },
  { key: 'output', title: 'Output or failure', width: 18, shown: true },
  { key: 'input', title: 'Input', width: 15, shown: false },
  { key: 'tags', title: 'Tags', width: 12, shown: false },
  { key: 'version', title: 'Version', width: 6, shown: false },
  { key: 'parentId', title: 'Parent', width: 14, shown: false },
  { key: 'generation', title: 'Generation', width: 7, number: true, shown: false },
  { key: 'partition', title: 'Partition', width: 6, number: true, shown: false },
  { key: 'bytes', title: 'Size', sort: 'size', width: 6, number: true, shown: false },
  { key: 'executionId', title: 'Execution ID', width: 18, shown: false },
]

const NARROWEST = 3.5

/** What is kept of the reader's choice: keys in order, and widths that were changed. */
export interface Layout { order: string[]; widths: Record<string, number> }

export const usual = (): Layout => ({ order: COLUMNS.filter((one) => one.shown).map((one) => one.key), widths: {} })

/** Reads what was kept; null, damage and columns that are no more are passed over. */
export function readLayout(text: string | null): Layout {
  try {
    const kept = JSON.parse(text ?? '') as Partial<Layout>
    const order = (kept.order ?? []).filter((key) => COLUMNS.some((one) => one.key === key))
    return order.length ? { order: [...new Set(order)], widths: kept.widths ?? {} } : usual()
  } catch {
    return usual()
  }
}

/** The columns of a layout, with their widths. */
export function columnsOf(layout: Layout): Column[] {
  return layout.order.flatMap((key) => {
    const column = COLUMNS.find((one) => one.key === key)
    const width = layout.widths[key]
    return column ? [{ ...column, width: typeof width === 'number' && width >= NARROWEST ? width : column.width }] : []
  })
}

export function resized(layout: Layout, key: string, width: number): Layout {
  return { ...layout, widths: { ...layout.widths, [key]: Math.max(NARROWEST, Math.round(width * 10) / 10) } }
}

/** Moves a column by steps to the right, or to the left if negative. */
export function moved(layout: Layout, key: string, steps: number): Layout {
  const at = layout.order.indexOf(key)
  if (at < 0) return layout
  const order = layout.order.filter((one) => one !== key)
  order.splice(Math.max(0, Math.min(order.length, at + steps)), 0, key)
  return { ...layout, order }
}

/** Shows a column at its usual place, or hides it; the last one stays. */
export function switched(layout: Layout, key: string): Layout {
  if (layout.order.includes(key)) {
    return layout.order.length > 1 ? { ...layout, order: layout.order.filter((one) => one !== key) } : layout
  }
  const place = COLUMNS.findIndex((one) => one.key === key)
  const before = layout.order.findLastIndex((one) => COLUMNS.findIndex((column) => column.key === one) < place)
  return { ...layout, order: layout.order.toSpliced(before + 1, 0, key) }
}

/** How long an instance took, or has taken until now. */
export const durationOf = (row: Row, now: number): string =>
  row.kind === 'entity' ? '' : length(between(row.created, row.completed, now))

/** What stands in a cell that is text alone. */
export function textOf(row: Row, key: string): string {
  const value = row[key as keyof Row]
  if (key === 'tags') return Object.entries(row.tags).map(([name, one]) => `${name}: ${one}`).join(', ')
  if (value === null || value === undefined) return ''
  return String(value)
}
