import type { UserId } from '@veche/shared/ids'
import { isAdmin, mayManageUser, type ServerRole } from '@veche/shared/permissions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findActor, sessionCookie } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { isLocal } from '../env.ts'
import { type KeptMail, readMailbox } from './mailbox.ts'
import { page, sheet } from './mailbox-page.ts'

/**
 * The local mailbox shows codes and invitations: whoever reads it can become anybody. So it is there only while no mail server is
 * set, for somebody who sits at this very machine, or for an administrator.
 */
export function serveMailbox(http: FastifyInstance, deps: Deps): void {
  const door = (answer: (mails: KeptMail[], reply: FastifyReply) => unknown) => {
    return async (req: FastifyRequest, reply: FastifyReply) => {
      const reader = await readerOf(deps, req)
      if (!reader) return reply.callNotFound()
      void reply.header('cache-control', 'no-store')
      return answer(await visible(deps, reader, await readMailbox(deps.env)), reply)
    }
  }
  http.get(
    '/dev/mail',
    door((mails, reply) => reply.type('text/html; charset=utf-8').send(page(mails, deps.env))),
  )
  http.get(
    '/dev/mail.json',
    door((mails, reply) => reply.send(mails)),
  )
  http.get(
    '/dev/mail.css',
    door((_mails, reply) => reply.type('text/css; charset=utf-8').send(sheet)),
  )
}

type Reader = 'this machine' | { userId: UserId; role: ServerRole }

async function readerOf(deps: Deps, req: FastifyRequest): Promise<Reader | null> {
  if (deps.env.SMTP_URL) return null
  if (isLocal(deps.env) && isAtThisMachine(req)) return 'this machine'
  const actor = await findActor(deps, req.cookies[sessionCookie])
  return actor && isAdmin(actor.role) ? actor : null
}

const forwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/** A proxy on this machine comes from loopback as well, and a page elsewhere may have a name that points here. */
function isAtThisMachine(req: FastifyRequest): boolean {
  const address = req.socket.remoteAddress ?? ''
  const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    /^(::1|127\.\d+\.\d+\.\d+|::ffff:127\.\d+\.\d+\.\d+)$/.test(address) &&
    /^(localhost|127\.0\.0\.1|\[::1\])$/.test(name) &&
    forwarded.every((header) => req.headers[header] === undefined)
  )
}

/** An administrator does not read the codes of those whom they may not manage: that would make an owner of every admin. */
async function visible(deps: Deps, reader: Reader, mails: KeptMail[]): Promise<KeptMail[]> {
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
