import type { ChangesFrame, ChatsPage, ScopeAnswer, StateAnswer } from '@veche/shared/live'
import type { Rows } from '@veche/shared/rows/rows'
import type { StoreName } from '../tables.ts'

/** What rows of each table may need of the others: a chat may be dropped, messages deleted or unread ones counted. */
const storesOfTable: { [T in keyof Rows]-?: StoreName[] } = {
  people: [],
  settings: ['settings'],
  sessions: ['sessions'],
  memberships: ['memberships', 'chats', 'messages', 'drafts', 'visits', 'outbox'],
  chats: ['chats', 'memberships', 'messages'],
  messages: ['messages', 'memberships', 'chats', 'outbox'],
  mySeats: ['mySeats'],
  listened: ['listened'],
  meetings: [],
  seats: [],
}

/** The object stores that merging these rows needs. */
export function storesOfRows(rows: Rows): StoreName[] {
  const tables = Object.keys(rows) as (keyof Rows)[]
  return [...new Set<StoreName>(['scopes', 'people', ...tables.flatMap((table) => storesOfTable[table] ?? [])])]
}

/** The object stores that merging this frame needs. A frame of a chat counts its unread messages, whatever rows it brings. */
export function storesOfFrame({ scope, rows }: ChangesFrame): StoreName[] {
  return storesOfRows(scope === 'chat' ? { chats: [], ...rows } : rows)
}

/** The object stores that merging an answer about a scope needs. */
export function storesOfScopeAnswer({ scope, rows, gone, reset }: ScopeAnswer): StoreName[] {
  // What is held of the chat is dropped.
  if (scope === 'chat') return storesOfRows({ chats: [], ...(gone ? { memberships: [] } : {}), ...rows })
  // After a restored backup all that is held of the account is dropped.
  const account: Rows =
    scope === 'user' && reset ? { memberships: [], settings: [], sessions: [], mySeats: [], listened: [] } : {}
  return storesOfRows({ ...account, ...rows })
}

export function storesOfState({ scopes }: StateAnswer): StoreName[] {
  return unionOf(scopes.map(storesOfScopeAnswer))
}

/** With how far the list has come. The memberships of a page are those of chats that I am in, so they drop nothing. */
export function storesOfChatsPage({ chats }: ChatsPage): StoreName[] {
  const needed = chats.map(storesOfScopeAnswer)
  return unionOf([['listProgress'], ...needed.map((stores) => stores.filter((name) => !dropped.includes(name)))])
}

const dropped: StoreName[] = ['drafts', 'visits']

/** A transaction has to name at least one. */
function unionOf(stores: StoreName[][]): StoreName[] {
  return [...new Set<StoreName>(['scopes', ...stores.flat()])]
}
