/// <reference types="node" />
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync(new URL('../../../renderer/styles/tokens.css', import.meta.url), 'utf8')

const [darkCss = '', rest = ''] = css.split(":root[data-theme='light']")
const [lightCss = '', pictureCss = ''] = rest.split('/* A picture is')

type Colour = readonly [number, number, number, number]

function colours(text: string): Map<string, Colour> {
  const found = new Map<string, Colour>()
  for (const [, name = '', value = ''] of text.matchAll(/--([a-z-]+):\s*([^;]+);/g)) {
    const colour = parse(value)
    if (colour) found.set(name, colour)
  }
  return found
}

function parse(value: string): Colour | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(value)
  if (hex) return [...hex.slice(1).map((part) => Number.parseInt(part, 16)), 1] as unknown as Colour
  const rgb = /^rgb\((\d+) (\d+) (\d+) \/ (\d+)%\)$/.exec(value)
  if (rgb) return [Number(rgb[1]), Number(rgb[2]), Number(rgb[3]), Number(rgb[4]) / 100]
  return null
}

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance([red, green, blue]: Colour): number {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: Colour, b: Colour): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

function over(top: Colour, below: Colour): Colour {
  const mix = (index: 0 | 1 | 2): number => top[index] * top[3] + below[index] * (1 - top[3])
  return [mix(0), mix(1), mix(2), 1]
}

function token(theme: Map<string, Colour>, name: string): Colour {
  const colour = theme.get(name)
  if (!colour) throw new Error(`There is no colour --${name}.`)
  return colour
}

const surfaces = ['canvas', 'panel', 'raised', 'control', 'hover', 'selected']
const texts = ['text', 'text-secondary', 'text-faint', 'accent']
const states = ['online', 'degraded', 'offline', 'provisioning', 'recording', 'unknown']

describe.each([
  ['dark', colours(darkCss)],
  ['light', colours(lightCss)],
])('the %s theme', (_name, theme) => {
  // Would catch: a colour that looks nice on the designer's screen and cannot be read at 3 a.m.
  it.each(surfaces.flatMap((surface) => [...texts, ...states].map((ink) => [ink, surface] as const)))(
    'reads %s on %s with at least 4.5:1',
    (ink, surface) => {
      expect(contrast(token(theme, ink), token(theme, surface))).toBeGreaterThanOrEqual(4.5)
    },
  )

  it.each([
    ['on-accent', 'accent-fill'],
    ['on-accent', 'accent-fill-hover'],
    ['on-danger', 'danger-fill'],
    ['on-danger', 'danger-fill-hover'],
  ])('reads %s on %s with at least 4.5:1', (ink, fill) => {
    expect(contrast(token(theme, ink), token(theme, fill))).toBeGreaterThanOrEqual(4.5)
  })

  // Would catch: fields whose rim cannot be seen (WCAG 1.4.11).
  it.each(['canvas', 'panel', 'control'])('shows the rim of a field on %s with at least 3:1', (surface) => {
    expect(contrast(token(theme, 'line-strong'), token(theme, surface))).toBeGreaterThanOrEqual(3)
  })
})

describe('what lies on a picture', () => {
  const theme = colours(pictureCss)
  const inks = ['on-picture', 'on-picture-faint', ...states.map((state) => `picture-${state}`)]
  const grounds = [
    ['white', [255, 255, 255, 1]],
    ['black', [0, 0, 0, 1]],
    ['a red wall', [200, 40, 30, 1]],
  ] as const

  // Would catch: a label that vanishes when a camera looks at snow.
  it.each(inks.flatMap((ink) => grounds.map(([name, ground]) => [ink, name, ground] as const)))(
    'reads %s over %s',
    (ink, _name, ground) => {
      const label = over(token(theme, 'picture-scrim'), ground)
      expect(contrast(token(theme, ink), label)).toBeGreaterThanOrEqual(4.5)
    },
  )
})
