import { setTimeout as wait } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Device } from './clients/Device.ts'

/** Waits until every device is online, has nothing left to send and is at the revisions of the database. Returns the reason when the time is up. */
export async function waitUntilIdle(devices: Device[], pool: Pool, timeoutMs: number): Promise<string | null> {
  const end = Date.now() + timeoutMs
  for (let before = 'nobody was asked'; ;) {
    const busy = await whoIsBusy(devices, pool)
    // Two idle rounds in a row are needed: the last act of one device may be news to another.
    if (busy === null && before === '') return null
    before = busy ?? ''
    if (busy !== null && Date.now() > end) return busy
    await wait(250)
  }
}

async function whoIsBusy(devices: Device[], pool: Pool): Promise<string | null> {
  const { rows } = await pool.query<{ id: string; rev: string }>('select id, rev from scopes')
  const revs = new Map(rows.map(({ id, rev }) => [id, Number(rev)]))
  for (const device of devices) {
    const why = await whyBusy(device, revs)
    if (why) return `${device.name} ${why}`
  }
  for (const { engine, name } of devices) {
    const { people } = await engine.state()
    if (Object.values(people).some(({ rev }) => rev === 0)) return `${name} is still fetching somebody`
  }
  return null
}

async function whyBusy({ engine, online }: Device, revs: Map<string, number>): Promise<string | null> {
  if (!online) return `is ${engine.status}`
  const { scopes, outbox, memberships } = await engine.live.store.read(async (tx) => {
    const [scopes, outbox, memberships] = [await tx.all('scopes'), await tx.all('outbox'), await tx.all('memberships')]
    return { scopes, outbox, memberships }
  })
  const unsent = outbox.filter(({ refusal }) => refusal === null).length
  if (unsent > 0) return `still has ${unsent} messages to send`
  const reads = new Map(memberships.map(({ chatId, readSeq }) => [chatId, readSeq]))
  for (const scope of scopes) {
    if (scope.rev !== revs.get(scope.id))
      return `is at ${scope.rev} of ${scope.kind} ${scope.id}, not ${revs.get(scope.id)}`
    if (scope.kind !== 'chat') continue
    if (scope.count.needsRecount) return `does not know how many messages of ${scope.id} are unread`
    if (scope.readTo > (reads.get(scope.id) ?? 0)) return `has not told how far it has read in ${scope.id}`
  }
  return null
}
