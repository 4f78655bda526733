/** The colour science that the tests of the tokens need: oklch to linear sRGB, and the contrast of WCAG. */
export type Colour = { r: number; g: number; b: number }

export function oklch(lightness: number, chroma: number, hue: number): Colour {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return {
    r: clampToUnit(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    g: clampToUnit(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    b: clampToUnit(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  }
}

export const white: Colour = { r: 1, g: 1, b: 1 }

export function contrast(one: Colour, other: Colour): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance({ r, g, b }: Colour): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function clampToUnit(value: number): number {
  return Math.min(1, Math.max(0, value))
}
