import type { Ctx } from '../ctx.ts'

/** Who is asking, and in which language they read. */
export function speakerOf(ctx: Pick<Ctx, 'db' | 'actor'>): Promise<{ name: string; locale: 'ru' | 'en' }> {
  return ctx.db
    .selectFrom('users')
    .innerJoin('user_settings', 'user_settings.user_id', 'users.id')
    .select(['users.name', 'user_settings.locale'])
    .where('users.id', '=', ctx.actor.userId)
    .executeTakeFirstOrThrow()
}
