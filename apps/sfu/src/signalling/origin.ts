const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/

/** Whether a page of this origin may open a socket. Programs other than browsers send no origin; they need a ticket as every client does. */
export function isOwnOrigin(publicUrl: string, origin: string | undefined): boolean {
  if (origin === undefined || origin === publicUrl) return true
  if (!URL.canParse(origin)) return false
  // On one machine localhost has three names, but the port must be ours.
  const [own, asked] = [new URL(publicUrl), new URL(origin)]
  return (
    loopback.test(own.hostname) &&
    loopback.test(asked.hostname) &&
    asked.protocol === 'http:' &&
    asked.port === own.port
  )
}
