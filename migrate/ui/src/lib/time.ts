// Times and lengths as people read them. Texts are ISO 8601 in UTC with up to seven decimals.

export type Zone = 'local' | 'utc'

/** Milliseconds since 1970, or null. Date.parse takes more than three decimals in every browser of today. */
export function parse(text: string | null | undefined): number | null {
  if (!text) return null
  const at = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(at) ? null : at
}

const two = (value: number, width = 2): string => String(value).padStart(width, '0')

/** `2026-11-22 00:14:41`; with *fine* the milliseconds too. */
export function show(text: string | number | null | undefined, zone: Zone, fine = false): string {
  const at = typeof text === 'number' ? text : parse(text)
  if (at === null) return ''
  const date = new Date(zone === 'local' ? at - new Date(at).getTimezoneOffset() * 60_000 : at)
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${day} ${time}${fine ? `.${two(date.getUTCMilliseconds(), 3)}` : ''}`
}

/** A length in seconds: `0.2 s`, `41 s`, `5 min 3 s`, `2 h 10 min`, `3 d 4 h`. */
export function length(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return ''
  if (seconds < 0) return `-${length(-seconds)}`
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return pair(whole, 60, 'min', 1, 's')
  if (whole < 86_400) return pair(whole, 3600, 'h', 60, 'min')
  return pair(whole, 86_400, 'd', 3600, 'h')
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % big) / small)
  return `${Math.floor(seconds / big)} ${bigName}${rest ? ` ${rest} ${smallName}` : ''}`
}

/** Seconds from one time to another, or to now; null where the first is not known. */
export function between(from: string | null, to: string | null, now: number): number | null {
  const start = parse(from)
  if (start === null) return null
  return ((parse(to) ?? now) - start) / 1000
}

/** `12 s ago`, `in 5 min`. */
export function relative(text: string | null | undefined, now: number): string {
  const at = parse(text)
  if (at === null) return ''
  const seconds = (now - at) / 1000
  if (Math.abs(seconds) < 1) return 'now'
  return seconds > 0 ? `${coarse(seconds)} ago` : `in ${coarse(-seconds)}`
}

/** A length in one unit: what changes every second in a list would only distract. */
export function coarse(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
