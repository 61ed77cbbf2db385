// A query as the chips that it is made of. What it means is known by the server alone; this splits text.

/** Splits at blanks that are in no quotes and no brackets. A query with `or` on top is one chip. */
export function split(query: string): string[] {
  const parts = words(query)
  if (parts.some((part) => /^or$/i.test(part))) return [query.trim()]
  const chips: string[] = []
  let carried = ''
  for (const part of parts) {
    if (/^and$/i.test(part)) continue
    if (/^not$/i.test(part)) carried = 'not '
    else {
      chips.push(carried + part)
      carried = ''
    }
  }
  if (carried) chips.push(carried.trim())
  return chips
}

function words(query: string): string[] {
  const found: string[] = []
  let word = ''
  let depth = 0
  let quoted = false
  for (let at = 0; at < query.length; at += 1) {
    const one = query[at] as string
    if (quoted) {
      word += one
      if (one === '\\') word += query[++at] ?? ''
      else if (one === '"') quoted = false
      continue
    }
    if (/\s/.test(one) && depth === 0) {
      if (word) found.push(word)
      word = ''
      continue
    }
    if (one === '"') quoted = true
    if (one === '(') depth += 1
    if (one === ')') depth = Math.max(0, depth - 1)
    word += one
  }
  if (word) found.push(word)
  return found
}

export const join = (chips: readonly string[]): string => chips.join(' ')

export const without = (query: string, chip: string): string => join(split(query).filter((one) => one !== chip))

/** The chips of a field with `:`, which are not turned around: `status:Failed`. */
const ofField = (chip: string, field: string): boolean => chip.toLowerCase().startsWith(`${field}:`)

/** A value as it stands in a query: in quotes where it needs them; stars in it are stars. */
export function quote(value: string): string {
  return /^[^\s"()|*\\~<>=:-][^\s"()|*\\]*$/.test(value) && !/^(or|and|not)$/i.test(value)
    ? value
    : `"${value.replace(/[\\"*]/g, '\\$&')}"`
}

/** Which values a query asks for in one field: `status:(Failed|Running)` has two. */
export function valuesOf(query: string, field: string): string[] {
  const chip = split(query).find((one) => ofField(one, field))
  if (!chip) return []
  const text = chip.slice(field.length + 1)
  const inner = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text
  return (inner.match(/"(?:[^"\\]|\\.)*"|[^|]+/g) ?? []).map((one) => {
    const value = one.trim()
    return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
  })
}

/** The query with exactly these values in a field; none takes the condition away. */
export function withValues(query: string, field: string, values: readonly string[]): string {
  const chips = split(query)
  if (chips.length === 1 && / or /i.test(` ${chips[0]} `) && values.length) chips[0] = `(${chips[0]})`
  const at = chips.findIndex((one) => ofField(one, field))
  const rest = chips.filter((one) => !ofField(one, field))
  if (!values.length) return join(rest)
  const texts = values.map(quote)
  const chip = texts.length === 1 ? `${field}:${texts[0]}` : `${field}:(${texts.join('|')})`
  rest.splice(at < 0 ? rest.length : at, 0, chip)
  return join(rest)
}

/** Takes a value in or out of a field's condition. */
export function toggled(query: string, field: string, value: string): string {
  const values = valuesOf(query, field)
  const same = (one: string): boolean => one.toLowerCase() === value.toLowerCase()
  return withValues(query, field, values.some(same) ? values.filter((one) => !same(one)) : [...values, value])
}

/** The query limited to what was created in a stretch of time; an earlier limit goes. */
export function within(query: string, from: string | null, to: string | null): string {
  const rest = split(query).filter((one) => !/^created\s*(<|>)/i.test(one))
  if (from) rest.push(`created>=${from}`)
  if (to) rest.push(`created<${to}`)
  return join(rest)
}

/** Where the word begins that ends at the cursor: what a completion replaces. */
export function wordStart(query: string, at: number): number {
  let start = at
  while (start > 0 && !/[\s()]/.test(query[start - 1] as string)) start -= 1
  return start
}
