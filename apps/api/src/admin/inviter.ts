import type { Ctx } from '../ctx.ts'
import { type ServerLocale, serverLocale } from '../platform/server-locale.ts'

type Inviter = { name: string; locale: ServerLocale }

/** The administrator who asks, for mails that name them and answers in their language. */
export async function inviterOf(ctx: Pick<Ctx, 'db' | 'actor'>): Promise<Inviter> {
  const { name, locale } = await ctx.db
    .selectFrom('users')
    .innerJoin('user_settings', 'user_settings.user_id', 'users.id')
    .select(['users.name', 'user_settings.locale'])
    .where('users.id', '=', ctx.actor.userId)
    .executeTakeFirstOrThrow()
  return { name, locale: serverLocale(locale) }
}
