import type { Heartbeat, HeartbeatAnswer } from '@veche/shared/nodes'
import { protocol } from '@veche/shared/protocol'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** How many past boots of a node are kept: more than a delayed heartbeat of theirs could be late by. */
const keptBoots = 32

/** Takes a heartbeat of a media node and answers it. Null: a newer boot has replaced this one, and it is ignored. */
export async function acceptHeartbeat(deps: Deps, beat: Heartbeat): Promise<HeartbeatAnswer | null> {
  // The seats come first: once the node counts as alive, its seats must not count as lost.
  const meetings = await deps.reconcileMeetings(deps, beat)
  const recorded = await recordNode(deps, beat)
  deps.metrics.heartbeats.inc({ outcome: recorded ? 'accepted' : 'replaced' })
  if (!recorded) return null
  const { now, hasCapabilities } = recorded
  return {
    protocol: protocol.version,
    now,
    keys: deps.tickets.publicKeys,
    wantCapabilities: !hasCapabilities,
    meetings,
  }
}

type Recorded = { hasCapabilities: boolean; now: number }

/**
 * Writes the node's row. A new boot ends the one before, whose last heartbeats may still arrive; a boot that was marked dead is alive
 * again.
 */
async function recordNode(deps: Deps, beat: Heartbeat): Promise<Recorded | undefined> {
  const { node, boot, release, signalling, control, url, workers } = beat
  const { load, isFull } = bestOffer(workers)
  const capabilities = beat.capabilities ? JSON.stringify(beat.capabilities) : null
  const { rows } = await sql<Recorded>`
    insert into sfu_nodes (id, boot_id, release, signalling, control, url, workers, load, is_full, capabilities)
    values (${node}, ${boot}, ${release}, ${signalling}, ${control}, ${url}, ${JSON.stringify(workers)}, ${load}, ${isFull}, ${capabilities})
    on conflict (id) do update set
      boot_id = excluded.boot_id, release = excluded.release, signalling = excluded.signalling, control = excluded.control,
      url = excluded.url, workers = excluded.workers, load = excluded.load, is_full = excluded.is_full, heartbeat_at = veche_now(),
      capabilities = coalesce(excluded.capabilities, case when sfu_nodes.boot_id = excluded.boot_id then sfu_nodes.capabilities end),
      dead_boot = null, past_boots = case when sfu_nodes.boot_id = excluded.boot_id then sfu_nodes.past_boots
        else (array_prepend(sfu_nodes.boot_id, sfu_nodes.past_boots))[1:${sql.lit(keptBoots)}] end
    where excluded.boot_id <> all(sfu_nodes.past_boots)
    returning capabilities is not null as "hasCapabilities", (extract(epoch from veche_now()) * 1000)::float8 as now`.execute(
    deps.db,
  )
  return rows[0]
}

/** A meeting goes to one worker, so a node offers what its least busy worker has. */
function bestOffer(workers: Heartbeat['workers']): { load: number; isFull: boolean } {
  const open = workers.filter((worker) => !worker.full)
  const isFull = open.length === 0
  const load = Math.min(...(isFull ? workers : open).map((worker) => worker.load), isFull ? 64 : Infinity)
  return { load, isFull }
}
