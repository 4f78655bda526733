import type { ChatId, UserId } from '@veche/shared/ids'
import type { ScopeAnswer } from '@veche/shared/live'
import type { MembershipRow, MessageRow, PersonRow } from '@veche/shared/rows/rows'
import type { Person } from '../../installation/people.ts'
import type { Held } from './record.ts'

type History = { messages: MessageRow[]; more: boolean }

/** All chats and messages that the server gives a new device, fetched without the app's engine. */
export async function fetchAll(address: string, person: Person): Promise<Record<ChatId, Held>> {
  const all: Record<ChatId, Held> = {}
  for (const membership of await memberships(address, person)) {
    const { chatId } = membership
    const answer = await ask<ScopeAnswer>(address, person, 'sync.scope', { id: chatId, since: 0 })
    const chat = answer.rows.chats?.[0] ?? null
    const messages = await history(address, person, chatId)
    all[chatId] = { chat, membership, rev: answer.rev, unread: answer.unread?.unread ?? 0, messages }
  }
  return all
}

export async function fetchPeople(address: string, person: Person, ids: UserId[]): Promise<PersonRow[]> {
  return sortedById(await ask<PersonRow[]>(address, person, 'users.get', { ids }))
}

export function sortedById(people: PersonRow[]): PersonRow[] {
  return people.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

async function memberships(address: string, person: Person): Promise<MembershipRow[]> {
  const rows = new Map<ChatId, MembershipRow>()
  for (let since = 0, more = true; more;) {
    const answer = await ask<ScopeAnswer>(address, person, 'sync.scope', { id: person.userId satisfies UserId, since })
    for (const row of answer.rows.memberships ?? []) rows.set(row.chatId, row)
    ;({ rev: since, more } = answer)
  }
  return [...rows.values()].filter(({ leftAt }) => leftAt === null)
}

async function history(address: string, person: Person, chatId: ChatId): Promise<MessageRow[]> {
  const pages: MessageRow[] = []
  for (let before: number | undefined, more = true; more;) {
    const page: History = await ask<History>(address, person, 'messages.history', { chatId, before, limit: 100 })
    pages.unshift(...page.messages)
    before = page.messages[0]?.seq
    more = page.more
  }
  return pages
}

async function ask<T>(address: string, { cookie }: Person, path: string, input: object): Promise<T> {
  const url = `${address}/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`
  const answer = await fetch(url, { headers: { cookie } })
  const body = (await answer.json()) as { result?: { data: T } }
  if (!body.result) throw new Error(`${path} was answered with ${JSON.stringify(body)}`)
  return body.result.data
}
