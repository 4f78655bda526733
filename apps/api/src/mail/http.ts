import type { IncomingMessage } from 'node:http'
import type { UserId } from '@veche/shared/ids'
import { isAdmin, mayManageUser, type ServerRole } from '@veche/shared/permissions'
import type { Anyone } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import { type Env, isLocal } from '../env.ts'
import type { HttpRoute } from '../http-routes.ts'
import { isFromThisMachine } from '../platform/http/this-machine.ts'
import { type KeptMail, readMailbox } from './mailbox.ts'
import { mailboxPage, mailboxStyles } from './mailbox-page.ts'

/**
 * The local mailbox shows codes and invitations, so a person who reads it can take over every account. It exists only while no mail
 * server is set, for requests from this machine and for administrators.
 */
export const mailboxRoutes: HttpRoute[] = [
  mailboxRoute('/dev/mail', 'text/html; charset=utf-8', (mails, env) => mailboxPage(mails, env)),
  mailboxRoute('/dev/mail.json', 'application/json; charset=utf-8', (mails) => JSON.stringify(mails)),
  mailboxRoute('/dev/mail.css', 'text/css; charset=utf-8', () => mailboxStyles),
]

function mailboxRoute(path: string, type: string, body: (mails: KeptMail[], env: Env) => string): HttpRoute {
  return {
    method: 'GET',
    path,
    access: 'open',
    limit: 'read',
    handle: async ({ ctx, raw }) => {
      const reader = readerOf(ctx, raw)
      if (!reader) return { status: 404, body: { code: 'input.invalid' } }
      const mails = await visibleMails(ctx, reader, await readMailbox(ctx.env))
      return { headers: { 'content-type': type }, body: body(mails, ctx.env) }
    },
  }
}

type Reader = 'this machine' | { userId: UserId; role: ServerRole }

function readerOf({ env, actor }: Anyone, raw: IncomingMessage): Reader | null {
  if (env.SMTP_URL) return null
  if (isLocal(env) && isFromThisMachine(raw)) return 'this machine'
  return actor && isAdmin(actor.role) ? actor : null
}

/** An administrator sees no mail to people whom they may not manage: its codes would make an owner of every admin. */
async function visibleMails(deps: Deps, reader: Reader, mails: KeptMail[]): Promise<KeptMail[]> {
  if (reader === 'this machine' || mails.length === 0) return mails
  const people = await deps.db
    .selectFrom('users')
    .select(['id', 'email', 'role'])
    .where('email', 'in', [...new Set(mails.map(({ to }) => to))])
    .execute()
  const byEmail = new Map(people.map((person) => [person.email, person]))
  return mails.filter(({ to }) => {
    const person = byEmail.get(to)
    return !person || person.id === reader.userId || mayManageUser(reader.role, person.role)
  })
}
