import { sql } from 'kysely'
import type { Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import type { OpenMeeting } from './access.ts'
import { type KnownNode, knownNodes } from './nodes/known-nodes.ts'
import { tellMoved } from './nodes/orders.ts'
import { placeMeeting } from './nodes/placement.ts'

export type Place = { node: KnownNode; epoch: number }

/**
 * Where the meeting lives from now on. It changes by compare-and-set, so that whatever else goes wrong it is never in two places:
 * tickets for an earlier epoch of the place are worth nothing.
 */
export async function takePlace(tx: Tx, meeting: OpenMeeting, others: number): Promise<Place> {
  const { id, epoch, node_id, node_boot } = meeting
  const nodes = await knownNodes(tx.db)
  const held = node_id && node_boot ? { id: node_id, boot: node_boot } : null
  const standing = { node: held, movedMs: movedMs(nodes, meeting), others }
  const placed = placeMeeting(standing, nodes)
  if (!placed) fail('meeting.no_node')
  const { node, reason } = placed
  if (reason === 'stays') return { node, epoch }
  const moved = await sql<{ epoch: number }>`
    update meetings set node_id = ${node.id}, node_boot = ${node.boot}, epoch = epoch + 1, moved_at = veche_now()
    where id = ${id} and epoch = ${epoch} and state = 'live' returning epoch`.execute(tx.db)
  const now = moved.rows[0]
  must(now, 'server.busy')
  await keepSeats(tx, meeting)
  tx.log.info({ meetingId: id, from: node_id, to: node.id, reason }, 'a meeting has a place')
  tx.metrics.moves.inc({ reason })
  const old = nodes.find((known) => known.id === node_id && known.boot === node_boot && !known.dead)
  if (old) tx.after.nudges.push(() => tellMoved(tx, old, { meetingId: id, epoch: now.epoch }))
  return { node, epoch: now.epoch }
}

/** The others come after, and have as long for it as after any other loss before they count as away. */
async function keepSeats(tx: Tx, { id }: OpenMeeting): Promise<void> {
  await sql`update seats set seen_at = veche_now() where meeting_id = ${id} and state = 'in'`.execute(tx.db)
}

function movedMs(nodes: KnownNode[], { moved_at }: OpenMeeting): number | null {
  const now = nodes[0]?.now
  return moved_at && now !== undefined ? now - moved_at.getTime() : null
}
