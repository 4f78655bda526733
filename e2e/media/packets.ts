import type { BrowserContext, Page } from 'playwright-core'

/**
 * Watches what arrives in the pages of a context: an init script counts the packets of every incoming stream twenty times a second,
 * by kind, and remembers when the last ones came. The app is the real one and knows nothing of it.
 */
export async function watchPackets(context: BrowserContext): Promise<void> {
  await context.addInitScript(watch)
}

/** A silence of a kind of media: how long nothing came. */
export type Gap = { kind: 'audio' | 'video'; ms: number }

/** From now on silences are measured. */
export async function markGaps(page: Page): Promise<void> {
  await page.evaluate(() => window.vechePackets.mark())
}

/** The longest silence of each kind since the mark; one that still lasts counts up to now. */
export function gaps(page: Page): Promise<Record<Gap['kind'], number>> {
  return page.evaluate(() => window.vechePackets.gaps())
}

/** Packets of each kind since the page was opened, over all streams. */
export function received(page: Page): Promise<Record<Gap['kind'], number>> {
  return page.evaluate(() => window.vechePackets.received())
}

declare global {
  interface Window {
    vechePackets: {
      mark: () => void
      gaps: () => Record<Gap['kind'], number>
      received: () => Record<Gap['kind'], number>
    }
  }
}

function watch(): void {
  type Seen = { total: number; at: number; longest: number }
  const connections = new Set<RTCPeerConnection>()
  const counts = new Map<string, number>()
  const kinds: Record<'audio' | 'video', Seen> = {
    audio: { total: 0, at: performance.now(), longest: 0 },
    video: { total: 0, at: performance.now(), longest: 0 },
  }
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      connections.add(this)
    }
  }
  const heard = (kind: 'audio' | 'video', more: number, now: number) => {
    const seen = kinds[kind]
    seen.total += more
    seen.longest = Math.max(seen.longest, now - seen.at)
    seen.at = now
  }
  const look = async () => {
    for (const connection of connections) {
      if (connection.connectionState === 'closed') connections.delete(connection)
      const now = performance.now()
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type !== 'inbound-rtp') continue
        const key = `${stat.id} ${stat.ssrc}`
        const before = counts.get(key) ?? 0
        if (stat.packetsReceived > before) heard(stat.kind, stat.packetsReceived - before, now)
        counts.set(key, stat.packetsReceived)
      }
    }
    setTimeout(() => void look(), 50)
  }
  void look()
  window.vechePackets = {
    mark: () => {
      const now = performance.now()
      for (const seen of Object.values(kinds)) Object.assign(seen, { at: now, longest: 0 })
    },
    gaps: () => {
      const now = performance.now()
      const gap = ({ at, longest }: Seen) => Math.max(longest, now - at)
      return { audio: gap(kinds.audio), video: gap(kinds.video) }
    },
    received: () => ({ audio: kinds.audio.total, video: kinds.video.total }),
  }
}
