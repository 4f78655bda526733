import type { Page } from 'playwright-core'

/** One stream that arrives at or leaves a page, as the browser counts it. */
export type Stream = {
  id: string
  direction: 'in' | 'out'
  kind: 'audio' | 'video'
  bytes: number
  /** Decoded when it arrives, encoded when it leaves. */
  frames: number
  energy: number
  width: number
  rid: string | null
  /** What both ends agreed on about its codec. */
  format: string
}
export type Pair = { local: string; protocol: string; remotePort: number; state: string }

type Report = {
  type: string
  kind: 'audio' | 'video'
  mid: string
  ssrc: number
  rid?: string
  codecId?: string
  bytesReceived?: number
  bytesSent?: number
  framesDecoded?: number
  framesEncoded?: number
  totalAudioEnergy?: number
  frameWidth?: number
}

/** Every stream of every connection that is still open. */
export function streams(page: Page): Promise<Stream[]> {
  return page.evaluate(async () => {
    const found: Stream[] = []
    const open = globalThis.peerConnections.filter(({ connectionState }) => connectionState !== 'closed')
    for (const [index, connection] of open.entries()) {
      // In Firefox a connection that is just being made may never tell its statistics.
      const nothing = new Promise<RTCStatsReport>((resolve) => setTimeout(resolve, 1_000, new Map()))
      const reports = await Promise.race([connection.getStats(), nothing])
      const receives = ({ currentDirection }: RTCRtpTransceiver) => /recv/.test(currentDirection ?? '')
      const receivedMids = new Set(
        connection
          .getTransceivers()
          .filter(receives)
          .map(({ mid }) => mid),
      )
      for (const report of reports.values() as Iterable<Report>) {
        const isIncoming = report.type === 'inbound-rtp'
        // Packets that only probe the bandwidth belong to nobody.
        if ((!isIncoming && report.type !== 'outbound-rtp') || report.mid === 'probator') continue
        // A stream that has ended keeps its report.
        if (isIncoming && !receivedMids.has(report.mid)) continue
        found.push({
          id: `${index} ${report.mid} ${report.ssrc}`,
          direction: isIncoming ? 'in' : 'out',
          kind: report.kind,
          bytes: (isIncoming ? report.bytesReceived : report.bytesSent) ?? 0,
          frames: (isIncoming ? report.framesDecoded : report.framesEncoded) ?? 0,
          energy: report.totalAudioEnergy ?? 0,
          width: report.frameWidth ?? 0,
          rid: report.rid ?? null,
          format: (reports.get(report.codecId ?? '') as { sdpFmtpLine?: string } | undefined)?.sdpFmtpLine ?? '',
        })
      }
    }
    return found
  })
}

/** How media go: the pair of candidates of each connection that is in use. */
export function pairs(page: Page): Promise<Pair[]> {
  return page.evaluate(async () => {
    const found: Pair[] = []
    for (const connection of globalThis.peerConnections.filter(
      ({ connectionState }) => connectionState === 'connected',
    )) {
      const reports = await connection.getStats()
      const all = [...(reports.values() as Iterable<Record<string, string & number>>)]
      const transport = all.find(({ type }) => type === 'transport')
      const pair = all.find(({ id }) => id === transport?.['selectedCandidatePairId'])
      const local = all.find(({ id }) => id === pair?.['localCandidateId'])
      const remote = all.find(({ id }) => id === pair?.['remoteCandidateId'])
      if (pair && local && remote)
        found.push({
          local: local['candidateType'] ?? '',
          protocol: local['relayProtocol'] ?? local['protocol'] ?? '',
          remotePort: remote['port'] ?? 0,
          state: connection.connectionState,
        })
    }
    return found
  })
}

export type Flow = { pictures: number; voices: number; sentPictures: number; inBytes: number; outBytes: number }

/**
 * What moves between two looks: streams whose pictures are drawn, streams whose voices are heard, how many pictures the camera has
 * sent, and the bytes that arrive and leave.
 */
export function flow(before: Stream[], after: Stream[]): Flow {
  const difference = (name: 'frames' | 'energy') => (stream: Stream) =>
    stream[name] - (before.find(({ id }) => id === stream.id)?.[name] ?? 0)
  const moved = (name: 'frames' | 'energy') => (stream: Stream) => difference(name)(stream) > 0
  const incoming = after.filter(({ direction }) => direction === 'in')
  const sentVideo = after.filter(({ direction, kind }) => direction === 'out' && kind === 'video')
  return {
    pictures: incoming.filter((stream) => stream.kind === 'video' && moved('frames')(stream)).length,
    voices: incoming.filter((stream) => stream.kind === 'audio' && moved('energy')(stream)).length,
    sentPictures: Math.max(0, ...sentVideo.map(difference('frames'))),
    inBytes: sum(after, 'in') - sum(before, 'in'),
    outBytes: sum(after, 'out') - sum(before, 'out'),
  }
}

function sum(all: Stream[], wanted: Stream['direction']): number {
  return all.filter(({ direction }) => direction === wanted).reduce((total, { bytes }) => total + bytes, 0)
}
