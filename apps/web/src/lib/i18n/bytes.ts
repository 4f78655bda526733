const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** "3.4 MB": as many digits as tell something. */
export function formatBytes(locale: string, bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  const maximumFractionDigits = power > 1 && value < 10 ? 1 : 0
  const text = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[power]!,
    unitDisplay: power === 0 ? 'narrow' : 'short',
    maximumFractionDigits,
  }).format(value)
  // English writes "4B" where it writes "4 kB".
  return text.replace(/^(\d+)(\p{L})/u, '$1\u00a0$2')
}
