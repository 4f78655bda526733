import type { ChatId, UserId } from '@veche/shared/ids'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { isCurrentMember } from '../platform/scopes/members.ts'
import { chatScope, userScope } from '../platform/scopes/scope.ts'
import { stampChat } from './rows.ts'
import { addSystemMessage } from './system-messages.ts'

/** Groups that one round hands over; the next round takes the others. */
const maxGroups = 100

type Heir = { chat_id: ChatId; user_id: UserId }

/** The owners of a group may all be disabled. Then its longest-standing moderator, or else member, who is not, becomes an owner. */
export async function handOverGroups(deps: Deps, signal?: AbortSignal): Promise<void> {
  const { rows } = await heirs(null).execute(deps.db)
  for (const { chat_id, user_id } of rows) {
    signal?.throwIfAborted()
    await handOver(deps, chat_id, user_id)
  }
}

async function handOver(deps: Deps, chatId: ChatId, userId: UserId): Promise<void> {
  await changeScopes(deps, [chatScope(chatId), userScope(userId)], async (tx) => {
    // Meanwhile an owner may have been enabled again, or this person may have left.
    const { rows } = await heirs(chatId).execute(tx.db)
    if (rows[0]?.user_id !== userId) return
    const rev = await advance(tx, chatScope(chatId))
    await addSystemMessage({ ...tx, actor: { userId } }, chatId, rev, { event: 'role', userId, role: 'owner' })
    const userRev = await advance(tx, userScope(userId))
    const membership = tx.db.updateTable('members').set({ role: 'owner', rev: userRev })
    await membership.where('chat_id', '=', chatId).where('user_id', '=', userId).execute()
    await stampChat(tx, chatId, { members_rev: rev, rev })
  })
}

/** Who inherits which group, of all groups or of one. It begins with the owners who are disabled, who are few. */
function heirs(chatId: ChatId | null) {
  const current = isCurrentMember('m')
  return sql<Heir>`
    select distinct on (gone.chat_id) gone.chat_id, m.user_id
    from members gone
      join users former on former.id = gone.user_id and former.disabled_at is not null
      join chats on chats.id = gone.chat_id and chats.kind = 'group'
      join members m on m.chat_id = gone.chat_id and ${current}
      join users u on u.id = m.user_id and u.disabled_at is null
    where gone.role = 'owner' and ${isCurrentMember('gone')}
      and (${chatId}::uuid is null or gone.chat_id = ${chatId}::uuid)
      and not exists (
        select from members m join users u on u.id = m.user_id
        where m.chat_id = gone.chat_id and m.role = 'owner' and ${current} and u.disabled_at is null)
    order by gone.chat_id, m.role <> 'moderator', m.joined_at, m.user_id
    limit ${maxGroups}`
}
