import { DIRECTORY_SCOPE, type ChatId, type ScopeId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import type { ChatsPage, Positions, ScopeAnswer, StateAnswer } from '@veche/shared/live'
import type { RowTable, ScopeKind } from '@veche/shared/rows/rows'
import type { SyncChats, SyncScope, SyncState } from '@veche/shared/schemas/sync'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { must } from '../errors.ts'
import { answerScope } from '../platform/scope-views.ts'

const gate = 'state'

type Held = { id: ScopeId; kind: ScopeKind | null; rev: number; held: number; mine: boolean }

/** What changed in everything that a client holds. Few at once on a node: after a restart everybody asks. */
export function syncState(ctx: Ctx, { scopes }: SyncState): Promise<StateAnswer> {
  return ctx.gates.state.run(gate, async () => {
    const me = ctx.actor.userId
    const held = await compare(ctx, scopes)
    const lost = held.filter(({ kind, mine }) => kind === null || !mine)
    const changed = held.filter(({ mine, rev, held: cursor }) => mine && rev !== cursor)
    // One's own scope comes first: it says which chats there are.
    changed.sort((a, b) => Number(b.id === me) - Number(a.id === me))
    const answers: ScopeAnswer[] = lost.map(({ id, kind }) => gone(id, kind ?? 'chat'))
    const behind: StateAnswer['behind'] = []
    let room: number = limits.sync.stateRows
    for (const { id, kind, rev, held: since } of changed) {
      if (room <= 0) behind.push({ id, rev })
      else
        room -= size(
          answers[answers.push(await answerScope(ctx, ctx.db, { scope: kind!, id, since, viewer: me })) - 1]!,
        )
    }
    return { now: ctx.clock.now(), scopes: answers, behind, positions: await positionsOf(ctx, held) }
  })
}

export async function syncScope(ctx: Ctx, { id, since }: SyncScope): Promise<ScopeAnswer> {
  const found = await ctx.db.selectFrom('scopes').select('kind').where('id', '=', id).executeTakeFirst()
  if (!found) return gone(id, 'chat')
  return answerScope(ctx, ctx.db, { scope: found.kind, id, since, viewer: ctx.actor.userId })
}

/** A page of the list: the newest chats by their last message that I may see. */
export async function syncChats(ctx: Ctx, { cursor, limit }: SyncChats): Promise<ChatsPage> {
  return ctx.gates.state.run(gate, async () => {
    const before = cursor ? parseCursor(cursor) : null
    const me = ctx.actor.userId
    const { rows } = await sql<{ id: ChatId; at: number }>`
      select m.chat_id as id, (extract(epoch from coalesce(last.created_at, m.joined_at)) * 1000000)::bigint as at
      from members m left join lateral (
        select x.created_at from messages x where x.chat_id = m.chat_id and x.seq >= m.from_seq order by x.seq desc limit 1) last on true
      where m.user_id = ${me} and m.left_at is null
        and ${before ? sql`(coalesce(last.created_at, m.joined_at), m.chat_id) < (${before.at}, ${before.id}::uuid)` : sql`true`}
      order by coalesce(last.created_at, m.joined_at) desc, m.chat_id desc limit ${limit + 1}`.execute(ctx.db)
    const page = rows.slice(0, limit)
    // The list shows one line of each chat: more is read when it is opened.
    const chats = await inTurns(page, 4, ({ id }) =>
      answerScope(ctx, ctx.db, { scope: 'chat', id, since: 0, viewer: me, newest: 'last' }),
    )
    const last = page.at(-1)
    return { chats, next: rows.length > limit && last ? `${last.at}|${last.id}` : null }
  })
}

async function compare(ctx: Ctx, scopes: [ScopeId, number][]): Promise<Held[]> {
  const me = ctx.actor.userId
  // One's own scope is always compared, also for a client that holds nothing yet.
  const asked = new Map<ScopeId, number>([[me, 0], [DIRECTORY_SCOPE, 0], ...scopes])
  const { rows } = await sql<Held>`
    select h.id, s.kind, s.rev, h.rev as held,
      coalesce(s.kind = 'directory' or s.id = ${me}::uuid or m.user_id is not null or p.user_id is not null, false) as mine
    from unnest(${[...asked.keys()]}::uuid[], ${[...asked.values()]}::bigint[]) with ordinality as h (id, rev, place)
    left join scopes s on s.id = h.id
    left join members m on m.chat_id = h.id and m.user_id = ${me} and m.left_at is null
    left join seats p on p.meeting_id = h.id and p.user_id = ${me} and p.state in ('in', 'away')
    order by h.place`.execute(ctx.db)
  // Nothing is held of a directory that was never asked for: people are fetched when they are met.
  return rows.filter(({ id }) => id !== DIRECTORY_SCOPE || scopes.some(([held]) => held === DIRECTORY_SCOPE))
}

async function positionsOf(ctx: Ctx, held: Held[]): Promise<({ chatId: ChatId } & Positions)[]> {
  const ids = held.filter(({ kind, mine }) => mine && kind === 'chat').map(({ id }) => id)
  const asked = ctx.scopeViews.find(({ scope }) => scope === 'chat')?.positions?.(ids, ctx.actor.userId)
  if (!asked || ids.length === 0) return []
  const { rows } = await asked.execute(ctx.db)
  return rows.map(({ id, ...positions }) => ({ chatId: id as ChatId, ...positions }))
}

function gone(id: ScopeId, scope: ScopeKind): ScopeAnswer {
  return { scope, id, rev: 0, rows: {}, more: false, reset: false, gone: true }
}

function size({ rows }: ScopeAnswer): number {
  return (Object.keys(rows) as RowTable[]).reduce((sum, table) => sum + (rows[table]?.length ?? 0), 1)
}

/** The moment in microseconds, as exact as Postgres keeps it, and the chat. */
function parseCursor(cursor: string) {
  const [, microseconds, id] = /^(\d{1,16})\|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor) ?? []
  must(id, 'input.invalid')
  return { at: sql`timestamptz 'epoch' + ${microseconds}::float8 * interval '1 microsecond'`, id }
}

async function inTurns<A, B>(items: A[], places: number, work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: places }, worker))
  return results
}
