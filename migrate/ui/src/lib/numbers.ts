// Numbers and sizes as people read them.

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `12,345`. */
export const count = (value: number): string => WHOLE.format(value)

/** `1 instance`, `12,345 instances`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `999`, `12.3k`, `4.1M`: where there is little room. */
export function brief(value: number): string {
  for (const [limit, unit] of [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']] as const) {
    if (value >= limit) return `${trim(value / (unit === 'k' ? 1e3 : limit))}${unit}`
  }
  return count(value)
}

/** `512 B`, `60 KB`, `1.2 MB`: steps of 1024. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return ''
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  let rest = value
  let unit = 0
  while (Math.abs(rest) >= 1024 && unit < units.length - 1) {
    rest /= 1024
    unit += 1
  }
  return `${unit ? trim(rest) : rest} ${units[unit]}`
}

export const percent = (share: number): string => `${trim(share * 100)} %`

const trim = (value: number): string =>
  value >= 99.95 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '')
