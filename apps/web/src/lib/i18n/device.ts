import type { Locale } from './languages.ts'
import { wordsIn, wordsOf } from './words.ts'

const words = wordsOf('device')

/** The server names devices in English: "Chrome on Linux", "Unknown device". */
export function deviceName(locale: Locale, device: string): string {
  const t = wordsIn(locale, words)
  if (device === 'Unknown device') return t.unknown
  const [, browser, system] = /^(.+) on (.+)$/.exec(device) ?? []
  return browser && system ? t.on({ browser, system }) : device
}
