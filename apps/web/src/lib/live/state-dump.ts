import type { ChatId, UserId } from '@veche/shared/ids'
import type { ChatRow, MembershipRow, MessageRow, PersonRow } from '@veche/shared/rows/rows'
import type { Store } from '../store/Store.ts'
import type { Range } from '../store/ranges.ts'
import { byOrder, type Command } from '../store/commands.ts'

export type ChatState = {
  chat: ChatRow | null
  membership: MembershipRow | null
  /** The cursor. */
  rev: number
  ranges: Range[]
  messages: MessageRow[]
  unread: number
  /** The server has to count; `unread` is the last number known. */
  needsRecount: boolean
}

export type ClientState = {
  chats: Record<ChatId, ChatState>
  people: Record<UserId, PersonRow>
  outbox: Command[]
}

/** Everything that this device holds, read in one transaction. */
export function readClientState(store: Store): Promise<ClientState> {
  return store.read(async (tx) => {
    const scopes = await tx.all('scopes')
    const chats: ClientState['chats'] = {}
    for (const scope of scopes) {
      if (scope.kind !== 'chat') continue
      chats[scope.id] = {
        chat: (await tx.get('chats', scope.id)) ?? null,
        membership: (await tx.get('memberships', scope.id)) ?? null,
        rev: scope.rev,
        ranges: scope.ranges,
        messages: await tx.messages(scope.id, 0, Infinity),
        unread: scope.count.unread,
        needsRecount: scope.count.needsRecount,
      }
    }
    const people = Object.fromEntries((await tx.all('people')).map((person) => [person.id, person]))
    const outbox = (await tx.all('outbox')).sort(byOrder)
    return { chats, people, outbox }
  })
}
