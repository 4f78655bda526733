import type { PersonRow, SettingsRow } from '@veche/shared/rows/rows'
import type { UpdateProfile, UpdateSettings } from '@veche/shared/schemas/auth'
import type { Ctx, Tx } from '../ctx.ts'
import { must } from '../errors.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { personColumns, settingsColumns, toPerson, toSettings } from './rows.ts'
import { directoryScope, userScope } from '../platform/scopes/scope.ts'

export function updateProfile(ctx: Ctx, { name, handle }: UpdateProfile): Promise<PersonRow> {
  return changeScopes(ctx, [directoryScope], async (tx) => {
    const { userId } = tx.actor
    const before = await tx.db
      .selectFrom('users')
      .select(personColumns)
      .where('id', '=', userId)
      .executeTakeFirstOrThrow()
    const after = { name: name ?? before.name, handle: handle ?? before.handle }
    if (after.name === before.name && after.handle === before.handle) return toPerson(before)
    await requireFreeHandle(tx, after.handle)
    const rev = await advance(tx, directoryScope)
    await tx.db
      .updateTable('users')
      .set({ ...after, rev })
      .where('id', '=', userId)
      .execute()
    return toPerson({ ...before, ...after, rev })
  })
}

export function updateSettings(ctx: Ctx, input: UpdateSettings): Promise<SettingsRow> {
  const scope = userScope(ctx.actor.userId)
  return changeScopes(ctx, [scope], async (tx) => {
    const rev = await advance(tx, scope)
    const { locale, theme, contrast, singleKeys } = input
    const given = { locale, theme, contrast, single_keys: singleKeys }
    const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const row = await tx.db
      .updateTable('user_settings')
      .set({ ...set, rev })
      .where('user_id', '=', ctx.actor.userId)
      .returning([...settingsColumns, 'user_id', 'rev'])
      .executeTakeFirstOrThrow()
    const { email } = await tx.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', ctx.actor.userId)
      .executeTakeFirstOrThrow()
    return toSettings({ ...row, email })
  })
}

async function requireFreeHandle(tx: Tx, handle: string): Promise<void> {
  const other = await tx.db
    .selectFrom('users')
    .select('id')
    .where('handle', '=', handle)
    .where('id', '<>', tx.actor.userId)
    .executeTakeFirst()
  must(!other, 'auth.handle_taken')
}
