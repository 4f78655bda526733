import type { BootId, NodeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'

export type Candidate = {
  id: NodeId
  boot: BootId
  dead: boolean
  silentMs: number
  full: boolean
  draining: boolean
  /** It has said what its routers can do. */
  able: boolean
  load: number
  /** Meetings that came to it within the last seconds: its load does not know of them yet. */
  newcomers: number
}

export type Standing = {
  node: { id: NodeId; boot: BootId } | null
  movedMs: number | null
  /** Who else sits in it. */
  others: number
}

export type Placed<C extends Candidate> = { node: C; reason: 'stays' | 'first' | 'death' | 'choice' }

/** Who is silent for longer is not chosen; who died is found out sooner than that. */
const fresh = 10_000
/** What a meeting that has just begun is thought to cost. */
const guess = 0.02

/**
 * Where a meeting lives: where it is, while that node lives; it moves by death at once, and by choice only from a full or draining
 * node when nobody else is in it, and not soon after a move.
 */
export function placeMeeting<C extends Candidate>(meeting: Standing, nodes: C[]): Placed<C> | null {
  const here = nodes.find((node) => node.id === meeting.node?.id && node.boot === meeting.node.boot && !node.dead)
  const best = nodes.filter(takesMore).sort(byLoad)[0]
  if (!here) return best ? { node: best, reason: meeting.node ? 'death' : 'first' } : null
  const unwanted = here.full || here.draining
  const settled = meeting.movedMs === null || meeting.movedMs >= limits.meeting.moveSeconds * 1000
  if (unwanted && meeting.others === 0 && settled && best) return { node: best, reason: 'choice' }
  return { node: here, reason: 'stays' }
}

function takesMore(node: Candidate): boolean {
  return !node.dead && !node.full && !node.draining && node.able && node.silentMs < fresh
}

function byLoad(a: Candidate, b: Candidate): number {
  return a.load + a.newcomers * guess - (b.load + b.newcomers * guess) || (a.id < b.id ? -1 : 1)
}
