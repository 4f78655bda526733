import type { ChatId, UserId } from '@veche/shared/ids'
import type { Rows } from '@veche/shared/rows/rows'
import { type RawBuilder, sql } from 'kysely'
import { firstVisibleSeq, isCurrentMember } from '../platform/scopes/members.ts'
import type { Audience } from '../platform/scopes/views.ts'

/** What a member may see: the messages from `first_seq` on. */
export type Bounds = { first_seq: number }
export type Members = { rev: number; people: (Bounds & { user_id: UserId })[] | null } | null

/** Read in the same snapshot as the rows, so a person who was removed by this very change is not among them. */
export function membersAmong(id: ChatId, among: UserId[], knownRev: number): RawBuilder<unknown> {
  return sql`select json_build_object('rev', chats.members_rev, 'people', case when chats.members_rev <> ${knownRev} then (
      select coalesce(json_agg(json_build_object('user_id', members.user_id, 'first_seq', ${firstVisibleSeq})), '[]')
      from members where members.chat_id = chats.id and members.user_id = any(${among}::uuid[]) and ${isCurrentMember('members')}) end)
    from chats where chats.id = ${id}`
}

export function toAudience(members: Members): Audience {
  if (!members) return { rev: 0, people: new Map() }
  const people = members.people?.map(
    (bounds) => [bounds.user_id, { filterRows: (rows: Rows) => visibleRows(rows, bounds) }] as const,
  )
  return { rev: members.rev, people: people ? new Map(people) : null }
}

/** A table that is not named here reaches nobody. */
export function visibleRows({ chats, messages = [] }: Rows, { first_seq }: Bounds): Rows {
  const isVisible = ({ seq }: { seq: number }) => seq >= first_seq
  const visible = messages.every(isVisible) ? messages : messages.filter(isVisible)
  return { ...(chats ? { chats } : {}), ...(visible.length > 0 ? { messages: visible } : {}) }
}
