/** "1 minute 5 seconds": what a screen reader says of a clock. */
export function spokenDuration(locale: string, ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts = [
    [Math.floor(seconds / 60), 'minute'],
    [seconds % 60, 'second'],
  ] as const
  const said = parts.filter(([count, unit]) => count > 0 || (unit === 'second' && seconds === 0))
  return said
    .map(([count, unit]) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count))
    .join(' ')
}
