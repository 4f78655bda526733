import type { Heartbeat, HeartbeatAnswer } from '@veche/shared/nodes'
import { sql } from 'kysely'
import type { Deps } from '../../deps.ts'
import { reconcile } from './reconciling.ts'

/** So many past lives of a node are known as such: more than a word of theirs could be late by. */
const remembered = 32

/** Null: this life of the node was replaced by a newer one, and is not listened to. */
export async function hear(deps: Deps, beat: Heartbeat): Promise<HeartbeatAnswer | null> {
  // What it says of the seats comes first: from the moment that the node counts as heard, nobody on it counts as lost.
  const meetings = await reconcile(deps, beat)
  const known = await note(deps, beat)
  deps.metrics.heartbeats.inc({ outcome: known ? 'heard' : 'replaced' })
  if (!known) return null
  return { now: known.now, keys: deps.tickets.publicKeys, wantCapabilities: !known.able, meetings }
}

type Noted = { able: boolean; now: number }

/** A new life is the death of the one before, whose last words may still be on their way; one that was thought dead lives again. */
async function note(deps: Deps, beat: Heartbeat): Promise<Noted | undefined> {
  const { node, boot, release, signalling, control, url, workers } = beat
  const open = workers.filter((worker) => !worker.full)
  const isFull = open.length === 0
  // A meeting goes to one worker: the least busy one is what a node has to offer.
  const load = Math.min(...(isFull ? workers : open).map((worker) => worker.load), isFull ? 64 : Infinity)
  const capabilities = beat.capabilities ? JSON.stringify(beat.capabilities) : null
  const { rows } = await sql<Noted>`
    insert into sfu_nodes (id, boot_id, release, signalling, control, url, workers, load, is_full, capabilities)
    values (${node}, ${boot}, ${release}, ${signalling}, ${control}, ${url}, ${JSON.stringify(workers)}, ${load}, ${isFull}, ${capabilities})
    on conflict (id) do update set
      boot_id = excluded.boot_id, release = excluded.release, signalling = excluded.signalling, control = excluded.control,
      url = excluded.url, workers = excluded.workers, load = excluded.load, is_full = excluded.is_full, heartbeat_at = veche_now(),
      capabilities = coalesce(excluded.capabilities, case when sfu_nodes.boot_id = excluded.boot_id then sfu_nodes.capabilities end),
      dead_boot = null, past_boots = case when sfu_nodes.boot_id = excluded.boot_id then sfu_nodes.past_boots
        else (array_prepend(sfu_nodes.boot_id, sfu_nodes.past_boots))[1:${sql.lit(remembered)}] end
    where excluded.boot_id <> all(sfu_nodes.past_boots)
    returning capabilities is not null as able, (extract(epoch from veche_now()) * 1000)::float8 as now`.execute(
    deps.db,
  )
  return rows[0]
}
