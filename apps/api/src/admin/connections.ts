import { statfs } from 'node:fs/promises'
import type { SessionId } from '@veche/shared/ids'
import type { PersonRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import type { Ctx } from '../ctx.ts'
import { failureOf, describeFailure } from '../mail/failure.ts'
import { iso } from '../platform/clock.ts'
import { toErrorText } from '../platform/work/due-tables.ts'
import { columnsOf } from '../platform/columns.ts'
import { isLiveSession } from '../platform/live-sessions.ts'
import { readHealth } from '../platform/http/health.ts'
import { personColumns, toPerson } from '../users/rows.ts'
import type { ServerLocale } from '../platform/server-locale.ts'
import { connectionText } from './connection-text.ts'
import { inviterOf } from './inviter.ts'

export type PartState = 'ok' | 'degraded' | 'down'
export type ServerPart = { name: 'postgres' | 'redis' | 'mail' | 'disk'; state: PartState; detail: string }
export type LiveSession = { sessionId: SessionId; user: PersonRow; device: string; ip: string; since: string }

/** The parts that the server needs and the sessions that are open, for the administrator's page. */
export async function readConnections(ctx: Ctx): Promise<{ parts: ServerPart[]; live: LiveSession[]; nodes: number }> {
  const { locale } = await inviterOf(ctx)
  const [stores, mail, disk, live, nodes] = await Promise.all([
    storesOf(ctx, locale),
    mailOf(ctx, locale),
    diskOf(ctx, locale),
    liveSessions(ctx),
    ctx.hints.countProcesses(),
  ])
  return { parts: [...stores, mail, disk], live, nodes }
}

async function storesOf(ctx: Ctx, locale: ServerLocale): Promise<ServerPart[]> {
  const found = await readHealth(ctx)
  const version = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(ctx.polls)
  const named = version.rows[0]?.version.split(' ')[0] ?? ''
  const redis = found.redis === 'ok' ? connectionText[locale].redisOk : connectionText[locale].redisAway
  return [
    { name: 'postgres', state: found.postgres, detail: `PostgreSQL ${named}` },
    { name: 'redis', state: found.redis, detail: redis },
  ]
}

const mailTimeoutMs = 5_000

async function mailOf(ctx: Ctx, locale: ServerLocale): Promise<ServerPart> {
  if (ctx.mailer.kind === 'mailbox') return { name: 'mail', state: 'ok', detail: connectionText[locale].mailbox }
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), mailTimeoutMs)
  try {
    await Promise.race([ctx.mailer.verify(), late])
    return { name: 'mail', state: 'ok', detail: new URL(ctx.env.SMTP_URL ?? '').host }
  } catch (error) {
    return { name: 'mail', state: 'down', detail: describeFailure(toErrorText(failureOf(error)), locale) }
  } finally {
    clearTimeout(timer)
  }
}

async function diskOf(ctx: Ctx, locale: ServerLocale): Promise<ServerPart> {
  try {
    const { bavail, bsize } = await statfs(ctx.env.VECHE_DATA)
    const free = bavail * bsize
    const state = free < 100_000_000 ? 'down' : free < 1_000_000_000 ? 'degraded' : 'ok'
    return { name: 'disk', state, detail: connectionText[locale].free((free / 1e9).toFixed(1)) }
  } catch {
    return { name: 'disk', state: 'down', detail: connectionText[locale].noFolder }
  }
}

const maxShown = 200

/** The live streams of this process, and the sessions that any process served within the last two minutes. */
async function liveSessions(ctx: Ctx): Promise<LiveSession[]> {
  const streams = new Map(ctx.liveHub.all().map((stream) => [stream.actor.sessionId, stream]))
  const rows = await ctx.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(columnsOf('users', personColumns))
    .select(['sessions.id as sessionId', 'sessions.device', 'sessions.ip', 'sessions.last_used_at'])
    .where(isLiveSession())
    .where((eb) =>
      eb.or([
        eb('sessions.last_used_at', '>', sql<Date>`veche_now() - interval '2 minutes'`),
        eb('sessions.id', '=', sql<SessionId>`any(${[...streams.keys()]}::uuid[])`),
      ]),
    )
    .orderBy('sessions.last_used_at', 'desc')
    .limit(maxShown)
    .execute()
  return rows.map(({ sessionId, device, ip, last_used_at, ...person }) => {
    const stream = streams.get(sessionId)
    const since = stream ? new Date(stream.openedAt) : last_used_at
    return { sessionId, user: toPerson(person), device, ip: stream?.address.ip ?? ip, since: iso(since) }
  })
}
