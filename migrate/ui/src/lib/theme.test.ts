import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(new URL('./theme.css', import.meta.url), 'utf8')
type Tokens = Record<string, string>

const pairs = [...css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)]
const light: Tokens = Object.fromEntries(pairs.map(([, name, colour]) => [name, colour]))
const dark: Tokens = Object.fromEntries(pairs.map(([, name, , colour]) => [name, colour]))

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

const STATUS = ['running', 'pending', 'suspended', 'completed', 'failed', 'terminated', 'canceled', 'continued']
const GROUNDS = ['ground', 'surface', 'raised', 'sunken', 'hover', 'chosen']
const PAIRS: [string, string][] = [
  ...STATUS.flatMap((one): [string, string][] => [[one, `${one}-soft`], [one, 'surface'], [one, 'hover'], [one, 'chosen']]),
  ...['text', 'muted', 'accent'].flatMap((one) => GROUNDS.map((ground): [string, string] => [one, ground])),
  ['good', 'good-soft'], ['bad', 'bad-soft'], ['warn', 'warn-soft'], ['text', 'info-soft'], ['text', 'bad-soft'], ['text', 'warn-soft'],
  ['good', 'sunken'], ['warn', 'sunken'], ['pending', 'sunken'], ['bad', 'surface'], ['warn', 'surface'], ['good', 'surface'],
  ['on-accent', 'accent'], ['on-accent', 'accent-strong'], ['on-danger', 'danger'], ['bad', 'raised'], ['bad', 'chosen'],
]

describe.each([['light', light], ['dark', dark]])('the %s theme', (_, theme) => {
  it.each(PAIRS)('has %s legible on %s', (text, ground) => {
    expect(contrast(theme[text] as string, theme[ground] as string)).toBeGreaterThanOrEqual(4.5)
  })

  it.each([...STATUS.map((one) => `${one}-bar`), 'line-strong', 'focus'])('has %s to be told from the surface', (one) => {
    expect(contrast(theme[one] as string, theme.surface as string)).toBeGreaterThanOrEqual(one.endsWith('-bar') ? 2.2 : 3)
  })
})

it('every colour is there for both themes', () => {
  expect(pairs.length).toBeGreaterThan(40)
  expect(css.replaceAll(/light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)/g, '')).not.toMatch(/#[0-9a-f]{3,8}\b/)
})
