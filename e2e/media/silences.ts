import type { Page } from 'playwright-core'
import type { ScriptedPages } from './peer-connections.ts'

/** Milliseconds without a packet, by kind of media. */
export type Silences = { audio: number; video: number }

declare global {
  var silenceRecorder: {
    reset(): void
    longest(): Silences
    /** The time of the last packet. */
    lastPacketAt(): number
  }
}

/** Reads the packet counts of all kept connections twenty times a second. */
export async function recordSilences(pages: ScriptedPages): Promise<void> {
  await pages.addInitScript(record)
}

/** Starts to measure anew. */
export function resetSilences(page: Page): Promise<void> {
  return page.evaluate(() => globalThis.silenceRecorder.reset())
}

/** The longest silence of each kind since the reset; one that still lasts counts up to now. */
export function longestSilences(page: Page): Promise<Silences> {
  return page.evaluate(() => globalThis.silenceRecorder.longest())
}

function record(): void {
  type Kind = keyof Silences
  type Report = { type: string; id: string; kind: Kind; mid: string; packetsReceived: number }
  const ids = new WeakMap<RTCPeerConnection, number>()
  const counts = new Map<string, number>()
  const lastPacket = { audio: performance.now(), video: performance.now() }
  const longest = { audio: 0, video: 0 }
  let next = 0

  const packetCame = (kind: Kind, now: number) => {
    longest[kind] = Math.max(longest[kind], now - lastPacket[kind])
    lastPacket[kind] = now
  }
  const readCounts = async (connection: RTCPeerConnection) => {
    const id = ids.get(connection) ?? (next += 1)
    ids.set(connection, id)
    const reports = await connection.getStats()
    const now = performance.now()
    for (const report of reports.values() as Iterable<Report>) {
      if (report.type !== 'inbound-rtp' || report.mid === 'probator') continue
      const key = `${id} ${report.id}`
      if (report.packetsReceived > (counts.get(key) ?? 0)) packetCame(report.kind, now)
      counts.set(key, report.packetsReceived)
    }
  }
  const round = async () => {
    const open = globalThis.peerConnections.filter(({ connectionState }) => connectionState !== 'closed')
    await Promise.all(open.map(readCounts))
    setTimeout(() => void round(), 50)
  }
  void round()

  globalThis.silenceRecorder = {
    reset: () => {
      for (const kind of ['audio', 'video'] as const) [lastPacket[kind], longest[kind]] = [performance.now(), 0]
    },
    lastPacketAt: () => Math.max(lastPacket.audio, lastPacket.video),
    longest: () => {
      const now = performance.now()
      return {
        audio: Math.max(longest.audio, now - lastPacket.audio),
        video: Math.max(longest.video, now - lastPacket.video),
      }
    },
  }
}
