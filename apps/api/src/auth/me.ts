import type { SessionId } from '@veche/shared/ids'
import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Anyone, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { inTransaction } from '../platform/transaction.ts'
import { personColumns, settingsColumns, toPerson, toSettings } from '../users/rows.ts'
import type { Opened } from './sessions.ts'

export type Me = { user: PersonRow; settings: SettingsRow; sessionId: SessionId; serverName: string }

export async function me(ctx: Anyone): Promise<Me | null> {
  if (!ctx.actor) return null
  const { userId, sessionId } = ctx.actor
  const [user, settings] = await Promise.all([
    ctx.db.selectFrom('users').select(personColumns).where('id', '=', userId).executeTakeFirstOrThrow(),
    ctx.db
      .selectFrom('user_settings')
      .innerJoin('users', 'users.id', 'user_settings.user_id')
      .select(columnsOf('user_settings', settingsColumns))
      .select(['user_settings.user_id', 'user_settings.rev', 'users.email'])
      .where('user_settings.user_id', '=', userId)
      .executeTakeFirstOrThrow(),
  ])
  return { user: toPerson(user), settings: toSettings(settings), sessionId, serverName: ctx.env.SERVER_NAME }
}

/** Whatever ends in being signed in: the cookie leaves only when all of it is committed. */
export async function enter(ctx: Anyone, fn: (tx: Tx<Anyone>) => Promise<Opened>): Promise<Me> {
  const { userId, sessionId, token, until } = await inTransaction(ctx, fn)
  ctx.connection.setCookie(token, until)
  const mine = await me({ ...ctx, actor: { userId, sessionId, role: 'member' } })
  return mine ?? fail('auth.required')
}
