import type { MeetingId } from '@veche/shared/ids'
import type { MeetingUpdate, SeatUpdate } from '@veche/shared/nodes'
import { type RawBuilder, sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import type { Address } from './NodeControl.ts'

/** A seat that was given up this long ago has no ticket that could still be good, and nobody need be told of it. */
const remembered = sql`interval '5 minutes'`

/** A seat as its node is told of it. */
export const seatUpdate: RawBuilder<SeatUpdate> = sql`
  json_build_object('seat', s.id, 'epoch', s.epoch, 'state', s.state, 'caps', s.caps)`
export const worthTelling: RawBuilder<boolean> = sql`
  (s.state in ('in', 'away') or s.left_at > veche_now() - ${remembered})`

type Telling = Pick<Deps, 'polls' | 'control' | 'log'>

/** Tells the node of a meeting at once how it stands. A nudge: the next heartbeat brings what is lost. */
export function tellNode(deps: Telling, meetingId: MeetingId): void {
  void tell(deps, meetingId).catch((error: unknown) =>
    deps.log.debug({ err: error, meetingId }, 'a node was not told; its heartbeat will ask'),
  )
}

/** The meeting has moved away from here: whoever is still there is let go. */
export function tellMoved(deps: Telling, node: Address, given: { meetingId: MeetingId; epoch: number }): void {
  const order: MeetingUpdate = { meeting: given.meetingId, epoch: given.epoch, state: 'moved', rev: 0, seats: [] }
  deps.control.order(node, order).catch((error: unknown) => deps.log.debug({ err: error }, 'an old node was not told'))
}

async function tell({ polls, control }: Telling, meetingId: MeetingId): Promise<void> {
  // All seats that matter, not only what changed: an order before this one may have been lost.
  const { rows } = await sql<Address & MeetingUpdate>`
    select n.id, n.control, m.id as meeting, m.epoch, m.state, sc.rev,
      (select coalesce(json_agg(${seatUpdate}), '[]') from seats s where s.meeting_id = m.id and ${worthTelling}) as seats
    from meetings m join scopes sc on sc.id = m.id
      join sfu_nodes n on n.id = m.node_id and n.boot_id = m.node_boot and n.boot_id is distinct from n.dead_boot
    where m.id = ${meetingId}`.execute(polls)
  const found = rows[0]
  if (!found) return
  const { id, control: address, ...order } = found
  await control.order({ id, control: address }, order)
}
