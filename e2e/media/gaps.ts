import type { BrowserContext, Page } from 'playwright-core'

/** Milliseconds in which no packet of a kind came: from the last one before to the first one after. */
export type Gaps = { audio: number; video: number }

declare global {
  var gapWatch: {
    mark(): void
    longest(): Gaps
    /** When anything came last. */
    heard(): number
  }
}

/** Looks twenty times a second at what has arrived, over all connections that `tapMedia` shows. */
export async function watchGaps(context: BrowserContext): Promise<void> {
  await context.addInitScript(watch)
}

/** From now on silences are measured. */
export function markGaps(page: Page): Promise<void> {
  return page.evaluate(() => globalThis.gapWatch.mark())
}

/** The longest silence of each kind since the mark; one that still lasts counts up to now. */
export function longestGaps(page: Page): Promise<Gaps> {
  return page.evaluate(() => globalThis.gapWatch.longest())
}

function watch(): void {
  type Kind = keyof Gaps
  type Report = { type: string; id: string; kind: Kind; mid: string; packetsReceived: number }
  const ids = new WeakMap<RTCPeerConnection, number>()
  const counts = new Map<string, number>()
  const heard = { audio: performance.now(), video: performance.now() }
  const longest = { audio: 0, video: 0 }
  let next = 0

  const hear = (kind: Kind, now: number) => {
    longest[kind] = Math.max(longest[kind], now - heard[kind])
    heard[kind] = now
  }
  const look = async (connection: RTCPeerConnection) => {
    const id = ids.get(connection) ?? (next += 1)
    ids.set(connection, id)
    const reports = await connection.getStats()
    const now = performance.now()
    for (const report of reports.values() as Iterable<Report>) {
      if (report.type !== 'inbound-rtp' || report.mid === 'probator') continue
      const key = `${id} ${report.id}`
      if (report.packetsReceived > (counts.get(key) ?? 0)) hear(report.kind, now)
      counts.set(key, report.packetsReceived)
    }
  }
  const round = async () => {
    const open = globalThis.tapped.filter(({ connectionState }) => connectionState !== 'closed')
    await Promise.all(open.map(look))
    setTimeout(() => void round(), 50)
  }
  void round()

  globalThis.gapWatch = {
    mark: () => {
      for (const kind of ['audio', 'video'] as const) [heard[kind], longest[kind]] = [performance.now(), 0]
    },
    heard: () => Math.max(heard.audio, heard.video),
    longest: () => {
      const now = performance.now()
      return {
        audio: Math.max(longest.audio, now - heard.audio),
        video: Math.max(longest.video, now - heard.video),
      }
    },
  }
}
