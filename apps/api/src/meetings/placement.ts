import type { MeetingId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Join } from '@veche/shared/schemas/meetings'
import type { Ctx, Tx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { type KnownNode, knownNodes } from '../nodes/known-nodes.ts'
import { chooseNode, type CurrentPlacement } from '../nodes/node-choice.ts'
import type { OpenMeeting } from './access.ts'
import { sendMovedUpdate } from './seats/node-updates.ts'
import { liveMeeting } from './states.ts'

export type Placement = { node: KnownNode; epoch: number }
type MeetingState = Pick<CurrentPlacement, 'others' | 'isRefused'>

/** The node that a client could not join. */
type FailedNode = NonNullable<Join['failed']>

/** The epoch of a placement that its node refuses: it is full and has not opened the room of the meeting. Null: it is not known to refuse. */
export async function refusedEpoch(ctx: Ctx, meeting: OpenMeeting, failed: FailedNode): Promise<number | null> {
  if (meeting.node_id !== failed.nodeId || meeting.node_boot !== failed.boot) return null
  const query = ctx.polls.selectFrom('sfu_nodes').select(['id', 'control', 'dead_boot']).where('id', '=', failed.nodeId)
  const node = await query.where('boot_id', '=', failed.boot).executeTakeFirst()
  if (!node || node.dead_boot === failed.boot) return null
  return (await ctx.nodeControl.accepts(node, meeting.id)) ? null : meeting.epoch
}

/**
 * Keeps the meeting on its node or moves it to another one. A move raises the epoch by compare-and-set: whatever else goes wrong, the
 * meeting is never on two nodes, and tickets of an earlier epoch are refused.
 */
export async function choosePlacementUnderLock(tx: Tx, meeting: OpenMeeting, state: MeetingState): Promise<Placement> {
  const nodes = await knownNodes(tx.db)
  const choice = chooseNode({ ...currentPlacement(nodes, meeting), ...state }, nodes)
  if (!choice) fail('meeting.no_node')
  const { node, reason } = choice
  if (reason === 'stays') return { node, epoch: meeting.epoch }
  const epoch = await moveTo(tx, node, meeting)
  await keepSeats(tx, meeting.id)
  tx.log.info({ meetingId: meeting.id, from: meeting.node_id, to: node.id, reason }, 'a meeting was placed on a node')
  tx.metrics.moves.inc({ reason })
  const left = nodes.find(({ id, boot, dead }) => id === meeting.node_id && boot === meeting.node_boot && !dead)
  if (left) tx.after.nudges.push(() => sendMovedUpdate(tx, left, { meetingId: meeting.id, epoch }))
  return { node, epoch }
}

function currentPlacement(nodes: KnownNode[], { node_id, node_boot, moved_at }: OpenMeeting) {
  const now = nodes[0]?.now
  return {
    node: node_id && node_boot ? { id: node_id, boot: node_boot } : null,
    placedMs: moved_at && now !== undefined ? now - moved_at.getTime() : null,
  }
}

async function moveTo(tx: Tx, node: KnownNode, { id, epoch }: OpenMeeting): Promise<number> {
  const { rows } = await sql<{ epoch: number }>`
    update meetings m set node_id = ${node.id}, node_boot = ${node.boot}, epoch = epoch + 1, moved_at = veche_now()
    where id = ${id} and epoch = ${epoch} and ${liveMeeting('m')} returning epoch`.execute(tx.db)
  must(rows[0], 'server.busy')
  return rows[0].epoch
}

/** The other participants follow to the new node. They count as away only when the usual time has passed, counted from now. */
async function keepSeats(tx: Tx, id: MeetingId): Promise<void> {
  await sql`update seats set seen_at = veche_now() where meeting_id = ${id} and state = 'in'`.execute(tx.db)
}
