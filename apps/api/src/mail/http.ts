import type { UserId } from '@veche/shared/ids'
import { isAdmin, mayManageUser, type ServerRole } from '@veche/shared/permissions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sessionCookie } from '../auth/session-cookie.ts'
import { findActor } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { isLocal } from '../env.ts'
import { type KeptMail, readMailbox } from './mailbox.ts'
import { mailboxPage, mailboxStyles } from './mailbox-page.ts'

/**
 * The local mailbox shows codes and invitations, so a person who reads it can take over every account. It exists only while no mail
 * server is set, for requests from this machine and for administrators.
 */
export function serveMailbox(http: FastifyInstance, deps: Deps): void {
  const forReaders = (answer: (mails: KeptMail[], reply: FastifyReply) => unknown) => {
    return async (req: FastifyRequest, reply: FastifyReply) => {
      const reader = await readerOf(deps, req)
      if (!reader) return reply.callNotFound()
      void reply.header('cache-control', 'no-store')
      return answer(await visibleMails(deps, reader, await readMailbox(deps.env)), reply)
    }
  }
  http.get(
    '/dev/mail',
    forReaders((mails, reply) => reply.type('text/html; charset=utf-8').send(mailboxPage(mails, deps.env))),
  )
  http.get(
    '/dev/mail.json',
    forReaders((mails, reply) => reply.send(mails)),
  )
  http.get(
    '/dev/mail.css',
    forReaders((_mails, reply) => reply.type('text/css; charset=utf-8').send(mailboxStyles)),
  )
}

type Reader = 'this machine' | { userId: UserId; role: ServerRole }

async function readerOf(deps: Deps, req: FastifyRequest): Promise<Reader | null> {
  if (deps.env.SMTP_URL) return null
  if (isLocal(deps.env) && isFromThisMachine(req)) return 'this machine'
  const actor = await findActor(deps, req.cookies[sessionCookie(deps.env).name])
  return actor && isAdmin(actor.role) ? actor : null
}

const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/** A proxy on this machine comes from loopback as well, and a page elsewhere may use a name that points here. */
function isFromThisMachine(req: FastifyRequest): boolean {
  const address = req.socket.remoteAddress ?? ''
  const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  return (
    /^(::1|127\.\d+\.\d+\.\d+|::ffff:127\.\d+\.\d+\.\d+)$/.test(address) &&
    /^(localhost|127\.0\.0\.1|\[::1\])$/.test(name) &&
    proxyHeaders.every((header) => req.headers[header] === undefined)
  )
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
