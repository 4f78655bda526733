import type { MeetingId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { ControlAddress } from '../../nodes/NodeControl.ts'
import { takenSeat } from '../states.ts'

/** A seat as its node is told of it. */
export const seatUpdate: RawBuilder<SeatUpdate> = sql`
  json_build_object('seat', s.id, 'epoch', s.epoch, 'state', s.state, 'capabilities', s.capabilities)`
/** A seat that was given up longer ago has no ticket that could still be valid, so the node need not know of it. */
export const relevantSeat: RawBuilder<boolean> = sql`
  (${takenSeat('s')} or s.left_at > veche_now() - interval '5 minutes')`

type UpdateDeps = Pick<Deps, 'polls' | 'nodeControl' | 'log'>

/** Tells the node of a meeting at once what has changed. The update may be lost: the answer to the next heartbeat carries the same. */
export function sendMeetingUpdate(deps: UpdateDeps, meetingId: MeetingId): void {
  void readAndSend(deps, meetingId).catch((error: unknown) =>
    deps.log.debug({ err: error, meetingId }, 'an update did not reach its node; the next heartbeat carries it'),
  )
}

/** Tells the node that a meeting has moved away from: it closes the peers that are still there. */
export function sendMovedUpdate(
  deps: UpdateDeps,
  node: ControlAddress,
  { meetingId, epoch }: { meetingId: MeetingId; epoch: number },
): void {
  const update: MeetingUpdate = { meeting: meetingId, epoch, state: 'moved', rev: 0, seats: [] }
  deps.nodeControl
    .update(node, update)
    .catch((error: unknown) => deps.log.debug({ err: error }, 'an update did not reach the previous node'))
}

async function readAndSend({ polls, nodeControl }: UpdateDeps, meetingId: MeetingId): Promise<void> {
  // All relevant seats, not only the changed ones: an earlier update may have been lost.
  const { rows } = await sql<ControlAddress & MeetingUpdate>`
    select n.id, n.control, m.id as meeting, m.epoch, m.state, sc.rev,
      (select coalesce(json_agg(${seatUpdate}), '[]') from seats s where s.meeting_id = m.id and ${relevantSeat}) as seats
    from meetings m join scopes sc on sc.id = m.id
      join sfu_nodes n on n.id = m.node_id and n.boot_id = m.node_boot and n.boot_id is distinct from n.dead_boot
    where m.id = ${meetingId}`.execute(polls)
  const found = rows[0]
  if (!found) return
  const { id, control, ...update } = found
  await nodeControl.update({ id, control }, update)
}
