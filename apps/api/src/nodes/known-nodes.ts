import type { DB } from '@veche/db/types.gen'
import type { BootId, NodeId } from '@veche/shared/ids'
import { type Kysely, sql } from 'kysely'
import type { CandidateNode } from './node-choice.ts'

/** A node as the database knows it, at one moment of its clock. */
export type KnownNode = CandidateNode & {
  /** The clock of the database, in milliseconds. */
  now: number
  heartbeatAt: number
  signalling: string
  control: string
  url: string | null
  capabilities: Record<string, unknown> | null
}

/** All nodes but those that have been dead for a day: their rows stay only because meetings refer to them. */
export async function knownNodes(db: Kysely<DB>): Promise<KnownNode[]> {
  const { rows } = await sql<KnownNode>`
    select n.id, n.boot_id as boot, n.boot_id is not distinct from n.dead_boot as dead, n.is_full as full, n.draining,
      n.load::float8 as load, jsonb_array_length(n.workers) as workers, n.signalling, n.control, n.url, n.capabilities, n.capabilities is not null as "hasCapabilities",
      (extract(epoch from veche_now()) * 1000)::float8 as now, (extract(epoch from n.heartbeat_at) * 1000)::float8 as "heartbeatAt",
      (extract(epoch from veche_now() - n.heartbeat_at) * 1000)::float8 as "silentMs",
      (select count(*)::int from meetings m where m.node_id = n.id and m.state = 'live'
        and m.moved_at > veche_now() - interval '5 seconds') as "recentMeetings"
    from sfu_nodes n where n.boot_id is distinct from n.dead_boot or n.heartbeat_at > veche_now() - interval '1 day'
    order by n.id`.execute(db)
  return rows
}

/** Marks this boot of a node as dead. False: it was marked before, or the node has another boot by now. */
export async function markNodeDead(db: Kysely<DB>, { id, boot }: { id: NodeId; boot: BootId }): Promise<boolean> {
  const { rows } = await sql`
    update sfu_nodes set dead_boot = boot_id
    where id = ${id} and boot_id = ${boot} and dead_boot is distinct from boot_id returning id`.execute(db)
  return rows.length > 0
}
