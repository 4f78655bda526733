import { setTimeout as wait } from 'node:timers/promises'
import { inTurns, type ChatPlan } from './ChatServer.ts'
import { XmppClient } from './XmppClient.ts'

/** Rooms full of new accounts, as "ChatServer.openClients" promises. */
export async function fillRooms(port: number, { chats, membersEach, title }: ChatPlan): Promise<XmppClient[]> {
  const rooms = Array.from({ length: chats }, (_, room) =>
    Array.from(
      { length: membersEach },
      (_, member) => new XmppClient(port, `${title}${room}-${member}`, `${title}${room}`),
    ),
  )
  const all = inTurns(rooms)
  for (let at = 0; at < all.length; at += 20) await Promise.all(all.slice(at, at + 20).map((client) => client.signIn()))
  for (const [owner] of rooms) await owner!.createRoom()
  for (let member = 1; member < membersEach; member += 1)
    await Promise.all(rooms.map((room) => room[member]!.enterRoom()))
  await untilQuiet(all)
  return all
}

/** Each occupant is told of each; that must not be counted with the messages. */
async function untilQuiet(clients: XmppClient[]): Promise<void> {
  const bytes = () => clients.reduce((sum, client) => sum + client.bytesReceived, 0)
  for (let before = -1; before !== bytes();) {
    before = bytes()
    await wait(700)
  }
}

/** What the archives of all rooms hold. */
export async function countInArchives(clients: XmppClient[]): Promise<number> {
  const oneOfEach = new Map(clients.map((client) => [client.chat, client]))
  let sum = 0
  for (const client of oneOfEach.values()) sum += await client.countArchived()
  return sum
}
