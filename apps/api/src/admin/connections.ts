import { statfs } from 'node:fs/promises'
import type { SessionId } from '@veche/shared/ids'
import type { PersonRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { failureOf, inWords, stored } from '../mail/failure.ts'
import { iso } from '../platform/clock.ts'
import { columnsOf } from '../platform/columns.ts'
import { health } from '../platform/health.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import { type Locale, words } from './connection-words.ts'
import { speakerOf } from './speaker.ts'

export type PartState = 'ok' | 'degraded' | 'down'
export type Part = { name: 'postgres' | 'redis' | 'mail' | 'disk'; state: PartState; detail: string }
export type LiveSession = { sessionId: SessionId; user: PersonRow; device: string; ip: string; since: string }

/** What the server stands on and who is here, as the administrator's page shows it. */
export async function connections(ctx: Ctx): Promise<{ parts: Part[]; live: LiveSession[]; nodes: number }> {
  const { locale } = await speakerOf(ctx)
  const [stores, mail, disk, live, nodes] = await Promise.all([
    storesOf(ctx, locale),
    mailOf(ctx, locale),
    diskOf(ctx, locale),
    liveSessions(ctx),
    ctx.hints.processes(),
  ])
  return { parts: [...stores, mail, disk], live, nodes }
}

async function storesOf(ctx: Ctx, locale: Locale): Promise<Part[]> {
  const found = await health(ctx)
  const version = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(ctx.polls)
  const named = version.rows[0]?.version.split(' ')[0] ?? ''
  const redis = found.redis === 'ok' ? words[locale].redisOk : words[locale].redisAway
  return [
    { name: 'postgres', state: found.postgres, detail: `PostgreSQL ${named}` },
    { name: 'redis', state: found.redis, detail: redis },
  ]
}

const patience = 5_000

async function mailOf(ctx: Ctx, locale: Locale): Promise<Part> {
  if (ctx.mailer.kind === 'mailbox') return { name: 'mail', state: 'ok', detail: words[locale].mailbox }
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), patience)
  try {
    await Promise.race([ctx.mailer.verify(), late])
    return { name: 'mail', state: 'ok', detail: new URL(ctx.env.SMTP_URL ?? '').host }
  } catch (error) {
    return { name: 'mail', state: 'down', detail: inWords(stored(failureOf(error)), locale) }
  } finally {
    clearTimeout(timer)
  }
}

async function diskOf(ctx: Ctx, locale: Locale): Promise<Part> {
  try {
    const { bavail, bsize } = await statfs(ctx.env.VECHE_DATA)
    const free = bavail * bsize
    const state = free < 100_000_000 ? 'down' : free < 1_000_000_000 ? 'degraded' : 'ok'
    return { name: 'disk', state, detail: words[locale].free((free / 1e9).toFixed(1)) }
  } catch {
    return { name: 'disk', state: 'down', detail: words[locale].noFolder }
  }
}

const shown = 200

/** Open streams of this process, and whoever was served by any other in the last two minutes. */
async function liveSessions(ctx: Ctx): Promise<LiveSession[]> {
  const streams = new Map(ctx.streams.all().map((stream) => [stream.actor.sessionId, stream]))
  const rows = await ctx.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(columnsOf('users', personColumns))
    .select(['sessions.id as sessionId', 'sessions.device', 'sessions.ip', 'sessions.last_used_at'])
    .where('sessions.revoked_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('sessions.last_used_at', '>', sql<Date>`veche_now() - interval '2 minutes'`),
        eb('sessions.id', '=', sql<SessionId>`any(${[...streams.keys()]}::uuid[])`),
      ]),
    )
    .orderBy('sessions.last_used_at', 'desc')
    .limit(shown)
    .execute()
  return rows.map(({ sessionId, device, ip, last_used_at, ...person }) => {
    const stream = streams.get(sessionId)
    const since = stream ? new Date(stream.since) : last_used_at
    return { sessionId, user: toPerson(person), device, ip: stream?.connection.ip ?? ip, since: iso(since) }
  })
}
