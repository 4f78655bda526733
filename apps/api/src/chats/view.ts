import type { ChatId, UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { countedKinds } from '@veche/shared/messages'
import type { Rows } from '@veche/shared/rows/rows'
import { type RawBuilder, sql } from 'kysely'
import type { Audience, ScopeView } from '../platform/scope-views.ts'

type Seen = {
  from_seq: number
  since_rev: number
  cleared_seq: number
  unread: number
  read: number
  delivered: number
}

/**
 * A chat as one member sees it. Unread is counted here and nowhere else: others' messages of countable kinds that still have
 * words, after my position, within what I may read.
 */
export const chatView: ScopeView = {
  scope: 'chat',
  beginsNewest: true,
  extras: (id, viewer) => ({ seen: seenBy(id as ChatId, viewer) }),
  audience: (id, among, knownRev) => ({ audience: membersAmong(id as ChatId, among, knownRev) }),
  heard: (extras) => toAudience(extras['audience'] as Heard),
  positions: (ids, viewer) => sql`
    select m.chat_id as id, ${read} as read, ${delivered} as delivered
    from members m join chats d on d.id = m.chat_id
    where m.chat_id = any(${ids}::uuid[]) and m.user_id = ${viewer} and m.left_at is null`,
  judge: (extras) => {
    const seen = extras['seen'] as Seen | null
    if (!seen) return null
    return {
      sinceRev: seen.since_rev,
      narrow: (rows) => narrow(rows, seen),
      unread: seen.unread,
      positions: { read: seen.read, delivered: seen.delivered },
    }
  },
}

type Heard = { rev: number; people: { user_id: UserId; from_seq: number; cleared_seq: number }[] | null } | null

/** Read in the snapshot of the rows themselves: whoever was removed by this very change is not in it. */
function membersAmong(id: ChatId, among: UserId[], knownRev: number): RawBuilder<unknown> {
  return sql`select json_build_object('rev', d.members_rev, 'people', case when d.members_rev <> ${knownRev} then (
      select coalesce(json_agg(json_build_object('user_id', m.user_id, 'from_seq', m.from_seq, 'cleared_seq', d.cleared_seq)), '[]')
      from members m where m.chat_id = d.id and m.user_id = any(${among}::uuid[]) and m.left_at is null) end)
    from chats d where d.id = ${id}`
}

function toAudience(heard: Heard): Audience {
  if (!heard) return { rev: 0, people: new Map() }
  const people = heard.people?.map((place) => [place.user_id, { narrow: (rows: Rows) => narrow(rows, place) }] as const)
  return { rev: heard.rev, people: people ? new Map(people) : null }
}

export function seenBy(id: ChatId, viewer: UserId): RawBuilder<unknown> {
  return sql`select json_build_object(
      'from_seq', m.from_seq, 'since_rev', m.since_rev, 'cleared_seq', d.cleared_seq,
      'unread', (${unread}), 'read', ${read}, 'delivered', ${delivered})
    from members m join chats d on d.id = m.chat_id
    where m.chat_id = ${id} and m.user_id = ${viewer} and m.left_at is null`
}

const others = sql`o.chat_id = m.chat_id and o.user_id <> m.user_id and o.left_at is null`

/** The furthest that another has read. Whoever is added begins after the message that says so, which is not to have read anything. */
const read = sql`coalesce((
    select other.read_seq
    from (select o.read_seq, o.since_rev from members o where ${others} order by o.read_seq desc offset 0) other
    where other.read_seq > coalesce(
      (select max(x.seq) from messages x where x.chat_id = m.chat_id and x.rev = other.since_rev), 0)
    order by other.read_seq desc limit 1), 0)`

const delivered = sql`case d.kind when 'direct' then
    coalesce((select max(greatest(o.delivered_seq, o.read_seq)) from members o where ${others}), 0) else 0 end`

const unread = sql`select count(*) from (
    select from messages x
    where x.chat_id = m.chat_id and x.seq > greatest(m.read_seq, m.from_seq - 1, d.cleared_seq)
      and x.author_id <> m.user_id and x.kind = any(${sql.lit(`{${countedKinds.join(',')}}`)}::text[]) and x.deleted_at is null
    limit ${sql.lit(limits.unreadCap)}) counted`

/** What was written before this person came, or was cleared, does not reach them; a table that is not named here reaches nobody. */
export function narrow({ chats, messages }: Rows, own: { from_seq: number; cleared_seq: number }): Rows {
  const visible = messages?.filter(({ seq }) => seq >= own.from_seq && seq > own.cleared_seq) ?? []
  return { ...(chats ? { chats } : {}), ...(visible.length > 0 ? { messages: visible } : {}) }
}
