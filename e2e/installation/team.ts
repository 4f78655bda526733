import type { ChatId } from '@veche/shared/ids'
import { type Account, acceptInvitation, newDirect, newGroup, newOwner, send } from './accounts.ts'
import type { Installation } from './Installation.ts'
import type { Script } from './scripts.ts'

export type Team = { people: [Account, ...Account[]]; chats: ChatId[] }

/** People and chats as a script tells them, with the times it names. The first person is the owner and has read most of it. */
export async function newTeam(installation: Installation, script: Script, locale: 'ru' | 'en'): Promise<Team> {
  const [first, ...others] = script.people.map(([name, email]) => ({ name, email: `${email}@example.org`, locale }))
  const owner = await newOwner(installation, first ?? { name: 'Anna' })
  const { link } = await owner.api.admin.createInvite.mutate({ role: 'member', uses: 25, days: 30 })
  const people: Team['people'] = [owner]
  for (const other of others) people.push(await acceptInvitation(installation, link, other))
  const chats: ChatId[] = []
  for (const chat of script.chats) chats.push(await newChat(installation, people, chat))
  await installation.setClock(0)
  return { people, chats }
}

async function newChat(
  installation: Installation,
  people: Team['people'],
  chat: Script['chats'][number],
): Promise<ChatId> {
  const [owner] = people
  const first = chat.lines[0]
  if (first) await installation.setClock(-milliseconds(first.ago) - 60_000)
  const others = chat.with.flatMap((index) => people[index] ?? [])
  const chatId = chat.title ? await newGroup(owner, chat.title, others) : await newDirect(owner, others[0] ?? owner)
  for (const { by, ago, text } of chat.lines) {
    await installation.setClock(-milliseconds(ago))
    await send(people[by] ?? owner, chatId, text)
  }
  await readMost(owner, chatId, chat.unread ?? 0)
  for (const other of others) await readMost(other, chatId, 0)
  if (chat.pinned) await owner.api.chats.setMine.mutate({ chatId, pinned: true })
  if (chat.muted) await owner.api.chats.setMine.mutate({ chatId, notify: 'none' })
  return chatId
}

async function readMost(reader: Account, chatId: ChatId, unread: number): Promise<void> {
  const { messages } = await reader.api.messages.history.query({ chatId, limit: 50 })
  const seq = messages.at(-1 - unread)?.seq
  if (seq) await reader.api.messages.read.mutate({ chatId, seq })
}

/** "1d 2h", "12m" */
function milliseconds(ago: string): number {
  const units = { d: 86_400_000, h: 3_600_000, m: 60_000 }
  return [...ago.matchAll(/(\d+)([dhm])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * units[unit as 'd' | 'h' | 'm'],
    0,
  )
}
