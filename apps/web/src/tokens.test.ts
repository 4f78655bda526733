import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Colour, contrast, oklch, white } from '../test/colour.ts'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const light = [':root']
const dark = [...light, ":root[data-theme='dark']"]
const more = ":root[data-contrast='more']"
const themes = {
  light: tokens(light),
  dark: tokens(dark),
  'light, high contrast': tokens([...light, more]),
  'dark, high contrast': tokens([...dark, more, ":root[data-theme='dark'][data-contrast='more']"]),
}
const surfaces = ['bg', 'surface', 'raised', 'mine']
const inks = ['text', 'muted', 'accent', 'accent-strong', 'danger', 'ok', 'warn']
const pairs = [
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-danger', 'danger'],
  ['accent-strong', 'accent-soft'],
  ['text', 'accent-soft'],
  ['muted', 'accent-soft'],
  ['danger', 'danger-soft'],
  ['text', 'danger-soft'],
  ['warn', 'warn-soft'],
  ['text', 'warn-soft'],
] as const

describe.each(Object.entries(themes))('in the theme "%s"', (_, theme) => {
  test.each(surfaces.flatMap((surface) => inks.map((ink) => [ink, surface] as const)))(
    '%s on %s can be read',
    (ink, surface) => expect(contrast(colour(theme, ink), colour(theme, surface))).toBeGreaterThanOrEqual(4.5),
  )

  test.each(pairs)('%s on %s can be read', (ink, surface) =>
    expect(contrast(colour(theme, ink), colour(theme, surface))).toBeGreaterThanOrEqual(4.5),
  )

  test.each(['bg', 'surface', 'raised'])('the edge of a field is seen on %s', (surface) =>
    expect(contrast(colour(theme, 'edge'), colour(theme, surface))).toBeGreaterThanOrEqual(3),
  )

  test('white initials can be read on each of the twelve avatar hues', () => {
    const [l, c] = [Number(theme.get('avatar-l')), Number(theme.get('avatar-c'))]
    for (let hue = 2; hue < 360; hue += 30) expect(contrast(white, oklch(l, c, hue))).toBeGreaterThanOrEqual(4.5)
  })
})

function tokens(selectors: string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const selector of selectors) {
    for (const block of css
      .split('}')
      .filter(
        (each) => each.split('{')[0]?.trim().endsWith(`\n${selector}`) || each.split('{')[0]?.trim() === selector,
      )) {
      for (const [, name, value] of block.matchAll(/--([\w-]+):\s*([^;]+);/g)) if (name && value) found.set(name, value)
    }
  }
  return found
}

function colour(theme: Map<string, string>, name: string): Colour {
  const [, l, c, h] = /^oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)$/.exec(theme.get(name) ?? '') ?? []
  if (l === undefined || c === undefined || h === undefined) throw new Error(`--${name} is no plain oklch colour`)
  return oklch(Number(l), Number(c), Number(h))
}
