/**
 * A list of which only the visible part is in the page: where each row is, and which rows are seen.
 *
 * All rows have the same height but those that are opened: of these the real height is known once measured.
 */

/** Where rows are. *tall* has the rows whose height differs, by index. */
export interface Rows {
  count: number
  height: number
  tall: ReadonlyMap<number, number>
}

/** Rows from *first* up to, not including, *end*; *before* and *after* are pixels left empty around them. */
export interface Visible {
  first: number
  end: number
  before: number
  after: number
}

/** Return how many pixels all rows take. */
export function total(rows: Rows): number {
  return offset(rows, rows.count)
}

/** Return where the row of that index begins. */
export function offset(rows: Rows, index: number): number {
  let at = index * rows.height
  for (const [one, height] of rows.tall) if (one < index) at += height - rows.height
  return at
}

/** Return the index of the row at a pixel: the first or last for pixels outside. */
export function at(rows: Rows, pixel: number): number {
  let low = 0
  let high = Math.max(rows.count - 1, 0)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (offset(rows, middle) <= pixel) low = middle
    else high = middle - 1
  }
  return low
}

/** Return which rows a view of *height* pixels from *top* on shows, and some more on each side. */
export function visible(rows: Rows, top: number, height: number, more = 8): Visible {
  const first = Math.max(at(rows, top) - more, 0)
  const end = Math.min(at(rows, top + height) + 1 + more, rows.count)
  return { first, end, before: offset(rows, first), after: total(rows) - offset(rows, end) }
}

/** Return the scroll position that shows a row, the present one if it is seen already. */
export function reveal(rows: Rows, index: number, top: number, height: number): number {
  const from = offset(rows, index)
  const to = offset(rows, index + 1)
  if (from < top) return from
  if (to > top + height) return Math.min(to - height, from)
  return top
}

/** Return the pages of *size* that hold rows *first* to *end* and are not *there*. */
export function missing(
  first: number,
  end: number,
  size: number,
  there: (page: number) => boolean,
): number[] {
  const pages: number[] = []
  for (let page = Math.floor(first / size); page * size < end; page++) if (!there(page)) pages.push(page)
  return pages
}
