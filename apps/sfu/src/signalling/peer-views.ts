import type { JoinedFrame, PeerView } from './frames.ts'
import type { Peer } from '../room/Peer.ts'

/** What the others in the room see of a peer. */
export function peerView(peer: Peer): PeerView {
  const { seatId, userId, name, away, quality } = peer
  return { seatId, userId, name, away, quality, publications: peer.room.publicationsOf(seatId) }
}

/** The first frame on a socket: the whole state, with everything that was on its way to a lost socket. */
export function joinedFrame(peer: Peer, secret: string, resumed: boolean): JoinedFrame {
  const { room, seatId, transports } = peer
  return {
    type: 'joined',
    meetingId: room.meetingId,
    seatId,
    secret,
    resumed,
    capabilities: peer.capabilities,
    send: transports.view('send'),
    recv: transports.view('recv'),
    publications: peer.publications.views(),
    peers: room.othersThan(peer).map(peerView),
    subscriptions: peer.subscriptions.views(),
    speakers: room.speakers,
  }
}
