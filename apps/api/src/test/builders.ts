import { type ChatId, newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { ServerRole, UserKind } from '@veche/shared/permissions'
import type { MessageRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { hashToken, newToken } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { callerFor } from './harness.ts'
import { advance, changeScopes } from '../platform/scopes/changes.ts'
import { directoryScope, userScope } from '../platform/scopes/scope.ts'

export type TestUser = { userId: UserId; sessionId: SessionId; token: string; name: string; email: string }

let count = 0

type NewUser = { name?: string; role?: ServerRole; kind?: UserKind }

/** A user with a session and without a password: tests of passwords sign up by an invitation. */
export async function newUser(deps: Deps, given: NewUser = {}): Promise<TestUser> {
  return (await newUsers(deps, [given]))[0]!
}

/** Several users cost no more than one. */
export async function newUsers(deps: Deps, given: NewUser[]): Promise<TestUser[]> {
  const people = given.map(({ name, role = 'member', kind = 'person' }) => {
    count += 1
    const userId = newId<UserId>()
    const email = `person${count}-${userId.slice(-6)}@example.org`
    const session = { sessionId: newId<SessionId>(), token: newToken() }
    return { userId, name: name ?? `Person ${count}`, email, role, kind, ...session }
  })
  await changeScopes(deps, [directoryScope], async (tx) => {
    const rev = await advance(tx, directoryScope)
    const own = people.map(({ userId }) => ({ id: userId, kind: 'user' as const, rev: 1 }))
    await tx.db.insertInto('scopes').values(own).execute()
    const users = people.map(({ userId, name, email, role, kind }) => {
      const handle = `p${userId.replaceAll('-', '').slice(-20)}`
      return { id: userId, handle, name, email: kind === 'guest' ? null : email, role, kind, rev }
    })
    await tx.db.insertInto('users').values(users).execute()
    await tx.db
      .insertInto('user_settings')
      .values(own.map(({ id, rev }) => ({ user_id: id, rev })))
      .execute()
    await tx.db
      .insertInto('sessions')
      .values(people.map((one) => sessionRow(deps, one, 1)))
      .execute()
  })
  return people.map(({ role: _role, kind: _kind, ...person }) => person)
}

type TestSession = { sessionId: SessionId; token: string }

export async function newSession(deps: Deps, userId: UserId): Promise<TestSession> {
  return (await newSessions(deps, userId, 1))[0]!
}

export async function newSessions(deps: Deps, userId: UserId, count: number): Promise<TestSession[]> {
  const sessions = Array.from({ length: count }, () => ({ sessionId: newId<SessionId>(), token: newToken() }))
  await changeScopes(deps, [userScope(userId)], async (tx) => {
    const rev = await advance(tx, userScope(userId))
    await tx.db
      .insertInto('sessions')
      .values(sessions.map((session) => sessionRow(deps, { userId, ...session }, rev)))
      .execute()
  })
  return sessions
}

function sessionRow({ clock }: Deps, one: Pick<TestUser, 'userId' | 'sessionId' | 'token'>, rev: number) {
  const { userId, sessionId, token } = one
  const expires_at = new Date(clock.now() + 86_400_000)
  const from = { device: 'test', ip: '127.0.0.1' }
  return { id: sessionId, user_id: userId, token_hash: hashToken(token), ...from, expires_at, rev }
}

/** A group of these people, made by the first, who is its owner. */
export async function newGroup(deps: Deps, people: TestUser[], title = 'Group'): Promise<ChatId> {
  const [owner, ...others] = people
  const id = newId<ChatId>()
  await callerFor(deps, owner!).chats.createGroup({ id, title, userIds: others.map((person) => person.userId) })
  return id
}

export async function newDirect(deps: Deps, one: TestUser, other: TestUser): Promise<ChatId> {
  const answer = await callerFor(deps, one).chats.openDirect({ userId: other.userId })
  return answer.id as ChatId
}

export async function say(deps: Deps, who: TestUser, chatId: ChatId, body: string): Promise<MessageRow> {
  const { message } = await callerFor(deps, who).messages.send({ chatId, clientId: newId(), body })
  return message
}

/** Many messages in one statement, each with a revision of its own. No hint tells of them. */
export async function addMessages(
  deps: Deps,
  chatId: ChatId,
  given: { author: TestUser; count: number; body: string },
): Promise<void> {
  const { author, count, body } = given
  await sql`with keys as (update scopes set rev = rev + ${count}, seq = seq + ${count} where id = ${chatId} returning rev, seq)
    insert into messages (chat_id, seq, rev, author_id, kind, body)
    select ${chatId}::uuid, keys.seq - ${count} + n, keys.rev - ${count} + n, ${author.userId}::uuid, 'text', ${body}
    from keys, generate_series(1, ${count}::int) n`.execute(deps.db)
}
