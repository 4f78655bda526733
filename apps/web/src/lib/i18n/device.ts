import type { Locale } from './catalogue.ts'

/** The server names devices in English: "Chrome on Linux", "Unknown device". */
export function deviceName(locale: Locale, device: string): string {
  if (locale === 'en') return device
  if (device === 'Unknown device') return 'Неизвестное устройство'
  return device.replace(/^(.+) on (.+)$/, '$1 на\u00a0$2')
}
