import { type ChatId, DIRECTORY_SCOPE, type ScopeId } from '@veche/shared/ids'
import { serverLimits } from '@veche/shared/server-limits'
import type { ChatsPage, Positions, ScopeAnswer, StateAnswer } from '@veche/shared/live'
import type { MembershipRow, RowTable, ScopeKind } from '@veche/shared/rows/rows'
import type { SyncChats, SyncScope, SyncState } from '@veche/shared/schemas/sync'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { isVisibleMessage, readableChats } from '../platform/scopes/members.ts'
import { answerLast, answerScope, goneScope } from '../platform/scopes/answers.ts'
import { scopeIdsOf } from '../platform/scopes/views.ts'

/** A scope as the client holds it and as it is: `cursor` is the client's revision, `mine` whether the actor may still hold it. */
type Compared = { id: ScopeId; kind: ScopeKind | null; rev: number; cursor: number; mine: boolean }

/** What changed in everything that a client holds. Few run at the same time: after a restart every client asks. */
export function syncState(ctx: Ctx, { scopes }: SyncState, signal?: AbortSignal): Promise<StateAnswer> {
  return inTurn(ctx, signal, async () => {
    const me = ctx.actor.userId
    const compared = await compareCursors(ctx, scopes)
    const changed = compared.filter(({ mine, rev, cursor }) => mine && rev !== cursor)
    // The actor's own scope comes first: it says which chats there are.
    changed.sort((a, b) => Number(b.id === me) - Number(a.id === me))
    const answers: ScopeAnswer[] = compared
      .filter(({ kind, mine }) => kind === null || !mine)
      .map(({ id }) => goneScope(id))
    const behind: StateAnswer['behind'] = []
    let rowsLeft: number = serverLimits.sync.stateRows
    let textBytesLeft: number = serverLimits.sync.textBytes
    for (const { id, kind, rev, cursor } of changed) {
      if (rowsLeft <= 0 || textBytesLeft <= 0) {
        behind.push({ id, rev })
        continue
      }
      const answer = await answerScope(ctx, ctx.db, { scope: kind!, id, since: cursor, viewer: me })
      answers.push(answer)
      rowsLeft -= countRows(answer)
      textBytesLeft -= countTextBytes(answer)
    }
    return { now: ctx.clock.now(), scopes: answers, behind, positions: await positionsOf(ctx, compared) }
  })
}

export async function syncScope(ctx: Ctx, { id, since }: SyncScope): Promise<ScopeAnswer> {
  const found = await ctx.db.selectFrom('scopes').select('kind').where('id', '=', id).executeTakeFirst()
  if (!found) return goneScope(id)
  return answerScope(ctx, ctx.db, { scope: found.kind, id, since, viewer: ctx.actor.userId })
}

/** When the chat last changed for this person: they saw a message, or joined. */
const newestAt = sql`coalesce(last.created_at, members.joined_at)`

/** A page of the list of chats, those with the newest message first. */
export function syncChats(ctx: Ctx, { cursor, limit }: SyncChats, signal?: AbortSignal): Promise<ChatsPage> {
  return inTurn(ctx, signal, async () => {
    const before = cursor ? parseCursor(cursor) : null
    const me = ctx.actor.userId
    // The membership is read before the unread messages are counted: what it does not know yet, the user's own scope brings later.
    const { rows } = await sql<{
      id: ChatId
      at: number
      left: number
      membership: object
    }>`
      select chats.id, (extract(epoch from ${newestAt}) * 1000000)::bigint as at, count(*) over () as left, to_json(members) as membership
      from ${readableChats(me)} left join lateral (
        select x.created_at from messages x where x.chat_id = chats.id and ${isVisibleMessage('x')} order by x.seq desc limit 1) last on true
      where ${before ? sql`(${newestAt}, chats.id) < (${before.at}, ${before.id}::uuid)` : sql`true`}
      order by ${newestAt} desc, chats.id desc limit ${limit + 1}`.execute(ctx.db)
    // What is pinned stands on top of the list, however old it is.
    const page = [
      ...rows.slice(0, limit),
      ...(cursor
        ? []
        : await pinnedBelow(
            ctx,
            rows.slice(0, limit).map(({ id }) => id),
          )),
    ]
    const mine = new Map(page.map(({ id, membership }) => [id, toMembership(ctx, membership)]))
    // The list shows one line of each chat, so only the last message is read.
    const answers = await answerLast(ctx, ctx.db, me, [...mine.keys()])
    const chats = answers.map((answer) => withMembership(answer, mine.get(answer.id as ChatId)!))
    const end = rows.slice(0, limit).at(-1)
    const next = rows.length > limit && end ? `${end.at}|${end.id}` : null
    return { chats, next, left: (rows[0]?.left ?? 0) - Math.min(rows.length, limit) }
  })
}

const maxPinned = 100

/** The pinned chats that are not among these. They come again with their own page, which a device passes over. */
async function pinnedBelow(ctx: Ctx, among: ChatId[]): Promise<{ id: ChatId; membership: object }[]> {
  const { rows } = await sql<{ id: ChatId; membership: object }>`
    select chats.id, to_json(members) as membership from ${readableChats(ctx.actor.userId)}
    where members.pinned_at is not null and chats.id <> all(${among}::uuid[]) order by members.pinned_at desc limit ${maxPinned}`.execute(
    ctx.db,
  )
  return rows
}

/** By the registered mapper: it is the row that the user's own scope brings. */
function toMembership({ rowSources }: Ctx, membership: object): MembershipRow {
  const source = rowSources.find(({ table }) => table === 'memberships')
  if (!source) throw new Error('Nobody has registered the rows of memberships.')
  return source.toWire(membership as never) as MembershipRow
}

function withMembership(answer: ScopeAnswer, membership: MembershipRow): ScopeAnswer {
  return { ...answer, rows: { ...answer.rows, memberships: [membership] } }
}

/** A client that has gone away while it waited costs nothing. */
function inTurn<T>(ctx: Ctx, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return ctx.turns.read.inSlot({ actor: ctx.actor, signal }, ctx.gates.state, work)
}

async function compareCursors(ctx: Ctx, scopes: [ScopeId, number][]): Promise<Compared[]> {
  const me = ctx.actor.userId
  // The actor's own scope is always compared, also for a client that holds nothing yet.
  const cursors = new Map<ScopeId, number>([[me, 0], [DIRECTORY_SCOPE, 0], ...scopes])
  const { rows } = await sql<Compared>`
    select h.id, s.kind, s.rev, h.rev as cursor,
      h.id in (${scopeIdsOf(ctx, me)}) as mine
    from unnest(${[...cursors.keys()]}::uuid[], ${[...cursors.values()]}::bigint[]) with ordinality as h (id, rev, index)
    left join scopes s on s.id = h.id
    order by h.index`.execute(ctx.db)
  // A client that never asked for the directory holds nothing of it: it fetches people when it meets them.
  return rows.filter(({ id }) => id !== DIRECTORY_SCOPE || scopes.some(([held]) => held === DIRECTORY_SCOPE))
}

async function positionsOf(ctx: Ctx, compared: Compared[]): Promise<({ chatId: ChatId } & Positions)[]> {
  const ids = compared.filter(({ kind, mine }) => mine && kind === 'chat').map(({ id }) => id)
  const statement = ctx.scopeViews.find(({ scope }) => scope === 'chat')?.positions?.(ids, ctx.actor.userId)
  if (!statement || ids.length === 0) return []
  const { rows } = await statement.execute(ctx.db)
  return rows.map(({ id, ...positions }) => ({ chatId: id as ChatId, ...positions }))
}

export function countRows({ rows }: ScopeAnswer): number {
  return (Object.keys(rows) as RowTable[]).reduce((sum, table) => sum + (rows[table]?.length ?? 0), 1)
}

function countTextBytes({ rows }: ScopeAnswer): number {
  return (rows.messages ?? []).reduce((sum, { body }) => sum + Buffer.byteLength(body ?? ''), 0)
}

/** The moment in microseconds, as exact as Postgres keeps it, and the chat. */
function parseCursor(cursor: string) {
  const [, microseconds, id] = /^(\d{1,16})\|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  must(id, 'input.invalid')
  return { at: sql`timestamptz 'epoch' + ${microseconds}::float8 * interval '1 microsecond'`, id }
}
