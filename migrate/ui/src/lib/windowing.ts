// Which rows of a very long list stand in a window. Browsers have no element of a million rows' height, so
// that beyond TALLEST the way of the scroll bar is scaled.

export const TALLEST = 12_000_000 // pixels; Firefox's limit is about 17.9 million

export interface Range { first: number; last: number } // last is not in it

/** The height of the element that is scrolled. */
export const tallness = (rows: number, rowHeight: number): number => Math.min(rows * rowHeight, TALLEST)

/** Where in the list, in pixels of rows, the window's top is when its element is scrolled to *scrollTop*. */
export function offsetAt(scrollTop: number, view: number, rows: number, rowHeight: number): number {
  const whole = rows * rowHeight
  const tall = tallness(rows, rowHeight)
  if (whole <= tall || tall <= view) return scrollTop
  return (Math.min(scrollTop, tall - view) * (whole - view)) / (tall - view)
}

/** The contrary: where to scroll so that the list is at *offset*. */
export function scrollTo(offset: number, view: number, rows: number, rowHeight: number): number {
  const whole = rows * rowHeight
  const tall = tallness(rows, rowHeight)
  const bounded = Math.max(0, Math.min(offset, whole - view))
  if (whole <= tall || tall <= view) return bounded
  return (bounded * (tall - view)) / (whole - view)
}

/** The rows that can be seen at *offset*, and *spare* more at each end. */
export function windowOf(offset: number, view: number, rows: number, rowHeight: number, spare: number): Range {
  const first = Math.max(0, Math.floor(offset / rowHeight) - spare)
  const last = Math.min(rows, Math.ceil((offset + view) / rowHeight) + spare)
  return { first: Math.min(first, rows), last: Math.max(last, 0) }
}

/** The offset at which row *at* is whole in the window; the same as now if it is already. */
export function reveal(at: number, offset: number, view: number, rowHeight: number): number {
  const top = at * rowHeight
  if (top < offset) return top
  if (top + rowHeight > offset + view) return top + rowHeight - view
  return offset
}
