import type { Ctx } from '../ctx.ts'

type Inviter = { name: string; locale: 'ru' | 'en' }

/** The administrator who asks, for mails that name them and answers in their language. */
export function inviterOf(ctx: Pick<Ctx, 'db' | 'actor'>): Promise<Inviter> {
  return ctx.db
    .selectFrom('users')
    .innerJoin('user_settings', 'user_settings.user_id', 'users.id')
    .select(['users.name', 'user_settings.locale'])
    .where('users.id', '=', ctx.actor.userId)
    .executeTakeFirstOrThrow()
}
