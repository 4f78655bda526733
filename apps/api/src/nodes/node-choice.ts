import type { BootId, NodeId } from '@veche/shared/ids'
import { meetingLimits } from '@veche/shared/meeting-limits'

export type CandidateNode = {
  id: NodeId
  boot: BootId
  dead: boolean
  silentMs: number
  full: boolean
  draining: boolean
  /** The node has told the RTP capabilities of its routers; without them no browser can join there. */
  hasCapabilities: boolean
  /** The load of its least busy worker. */
  load: number
  workers: number
  /** Meetings that were placed there within the last seconds: `load` does not include them yet. */
  recentMeetings: number
}

export type CurrentPlacement = {
  node: { id: NodeId; boot: BootId } | null
  /** Time since the meeting was placed there. */
  placedMs: number | null
  /** How many others have a seat in it. */
  others: number
  /** The node refuses the meeting: it is full and has not opened the room of the meeting, so nobody is in it. */
  isRefused: boolean
}

export type NodeChoice<Node extends CandidateNode> = {
  node: Node
  reason: 'stays' | 'first' | 'death' | 'refused' | 'choice'
}

/** A node that has been silent for longer gets no meetings; a dead node is found sooner than this. */
const maxSilentMs = 10_000
/** The load that a meeting which has just begun is thought to add. */
const expectedMeetingLoad = 0.02

/**
 * Chooses the node of a meeting. It stays where it is while that node lives. Death moves it at once, and so does a full node that has
 * refused it; by choice it moves only away from a full or draining node, when no other person is in it, and not soon after a move.
 */
export function chooseNode<Node extends CandidateNode>(
  meeting: CurrentPlacement,
  nodes: Node[],
): NodeChoice<Node> | null {
  const current = nodes.find((node) => node.id === meeting.node?.id && node.boot === meeting.node.boot && !node.dead)
  const refusing = meeting.isRefused ? current : undefined
  const best = nodes.filter((node) => takesMeetings(node) && node !== refusing).sort(byLoad)[0]
  if (!current) return best ? { node: best, reason: meeting.node ? 'death' : 'first' } : null
  if (refusing && best) return { node: best, reason: 'refused' }
  const shouldMove = current.full || current.draining
  const mayMove = meeting.placedMs === null || meeting.placedMs >= meetingLimits.moveSeconds * 1000
  if (shouldMove && mayMove && meeting.others === 0 && best) return { node: best, reason: 'choice' }
  return { node: current, reason: 'stays' }
}

function takesMeetings(node: CandidateNode): boolean {
  return !node.dead && !node.full && !node.draining && node.hasCapabilities && node.silentMs < maxSilentMs
}

function byLoad(a: CandidateNode, b: CandidateNode): number {
  return expectedLoad(a) - expectedLoad(b) || (a.id < b.id ? -1 : 1)
}

function expectedLoad(node: CandidateNode): number {
  return node.load + (node.recentMeetings * expectedMeetingLoad) / Math.max(1, node.workers)
}
