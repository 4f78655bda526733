import type { SessionId } from '@veche/shared/ids'
import type { UserKind } from '@veche/shared/permissions'
import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { Anyone, Tx } from '../ctx.ts'
import { fail } from '../errors.ts'
import { columnsOf } from '../platform/columns.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { type Scope, userScope } from '../platform/scopes/scope.ts'
import { personColumns, settingsColumns, toPerson, toSettings } from '../users/rows.ts'
import { newDeviceCookie } from './known-devices.ts'
import type { NewSession } from './sessions.ts'

export type Me = { user: PersonRow; kind: UserKind; settings: SettingsRow; sessionId: SessionId; serverName: string }

export async function readMe(ctx: Anyone): Promise<Me | null> {
  if (!ctx.actor) return null
  const { userId, sessionId, kind } = ctx.actor
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
  const { SERVER_NAME: serverName } = ctx.env
  return { user: toPerson(user), kind, settings: toSettings(settings), sessionId, serverName }
}

/**
 * Everything that ends in being signed in. This scope is locked, and that of the user who is signed in at this browser, whose session
 * here ends. The cookies are set after the commit.
 */
export async function signInWith(ctx: Anyone, scope: Scope, fn: (tx: Tx<Anyone>) => Promise<NewSession>): Promise<Me> {
  const before = ctx.actor ? [userScope(ctx.actor.userId)] : []
  const { userId, sessionId, token, until } = await changeScopes(ctx, [scope, ...before], fn)
  ctx.connection.setCookie(token, until)
  const me =
    (await readMe({ ...ctx, actor: { userId, sessionId, kind: 'person', role: 'member' } })) ?? fail('auth.required')
  ctx.connection.setDeviceCookie(await newDeviceCookie(ctx, me.settings.email))
  return me
}
