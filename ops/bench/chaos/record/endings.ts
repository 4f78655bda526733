import type { ChatId } from '@veche/shared/ids'
import type { Device } from '../clients/Device.ts'
import { fetchAll, fetchPeople, sortedById } from './fresh-fetch.ts'
import type { Ending, Held } from './record.ts'

/** What each device holds, and what the server would send to an empty device. */
export async function readEndings(address: string, devices: Device[], chats: ChatId[]): Promise<Ending[]> {
  const endings: Ending[] = []
  for (const device of devices) endings.push(await readEnding(address, device, chats))
  return endings
}

async function readEnding(address: string, device: Device, chats: ChatId[]): Promise<Ending> {
  const fetched = await fetchAll(address, device.person)
  const state = await device.engine.state()
  const held: Ending['held'] = {}
  for (const [id, { chat, membership, rev, unread, messages, ranges }] of entries(state.chats)) {
    held[id] = { chat, membership, rev, unread, messages }
    const all = fetched[id]
    // A device holds the newest messages and the older pages it has read; within these, no message may be missing.
    if (all)
      fetched[id] = { ...all, messages: all.messages.filter(({ seq }) => isNewest(all, seq) || within(ranges, seq)) }
  }
  const foreign = chats.filter((id) => !fetched[id])
  const leftovers: Ending['leftovers'] = {}
  for (const id of foreign) {
    const rows = await device.engine.live.store.read((tx) => tx.messages(id, 0, Infinity))
    leftovers[id] = rows.length
  }
  const met = sortedById(Object.values(state.people))
  const ids = met.map(({ id }) => id)
  const people = { held: met, fetched: await fetchPeople(address, device.person, ids) }
  return { device: device.name, userId: device.person.userId, held, fetched, people, leftovers }
}

function isNewest({ messages }: Held, seq: number): boolean {
  return messages.at(-1)?.seq === seq
}

function within(ranges: [from: number, to: number][], seq: number): boolean {
  return ranges.some(([from, to]) => from <= seq && seq <= to)
}

function entries<V>(record: Record<ChatId, V>): [ChatId, V][] {
  return Object.entries(record) as [ChatId, V][]
}
