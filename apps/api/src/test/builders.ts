import { DIRECTORY_SCOPE, type ChatId, newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { MessageRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { hashToken, newToken } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { callerFor } from './harness.ts'
import { inTransaction } from '../platform/transaction.ts'
import { advance, changeScopes, lockScopes } from '../platform/scopes/changes.ts'

export type TestUser = { userId: UserId; sessionId: SessionId; token: string; name: string; email: string }

let count = 0

type NewUser = { name?: string; role?: ServerRole }

/** A person with a session. No password: tests of passwords sign up as people do. */
export async function newUser(deps: Deps, given: NewUser = {}): Promise<TestUser> {
  return (await newUsers(deps, [given]))[0]!
}

/** Several at once cost no more than one. */
export async function newUsers(deps: Deps, given: NewUser[]): Promise<TestUser[]> {
  const people = given.map(({ name, role = 'member' }) => {
    count += 1
    const userId = newId<UserId>()
    const email = `person${count}-${userId.slice(-6)}@example.org`
    const session = { sessionId: newId<SessionId>(), token: newToken() }
    return { userId, name: name ?? `Person ${count}`, email, role, ...session }
  })
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'directory', id: DIRECTORY_SCOPE }])
    const rev = await advance(tx, { kind: 'directory', id: DIRECTORY_SCOPE })
    const own = people.map(({ userId }) => ({ id: userId, kind: 'user' as const, rev: 1 }))
    await tx.db.insertInto('scopes').values(own).execute()
    const users = people.map(({ userId, name, email, role }) => {
      const handle = `p${userId.replaceAll('-', '').slice(-20)}`
      return { id: userId, handle, name, email, role, rev }
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
  return people.map(({ role: _role, ...person }) => person)
}

export async function newSession(deps: Deps, userId: UserId): Promise<{ sessionId: SessionId; token: string }> {
  const session = { sessionId: newId<SessionId>(), token: newToken() }
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: userId }])
    const rev = await advance(tx, { kind: 'user', id: userId })
    await tx.db
      .insertInto('sessions')
      .values(sessionRow(deps, { userId, ...session }, rev))
      .execute()
  })
  return session
}

function sessionRow({ clock }: Deps, one: Pick<TestUser, 'userId' | 'sessionId' | 'token'>, rev: number) {
  const { userId, sessionId, token } = one
  const expires_at = new Date(clock.now() + 86_400_000)
  const from = { device: 'test', ip: '127.0.0.1' }
  return { id: sessionId, user_id: userId, token_hash: hashToken(token), ...from, expires_at, rev }
}

/** A group of these people, the first its owner; made as people make one. */
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

/** As a later release will delete: the row stays, stamped, and its words are gone. */
export async function deleteMessage(deps: Deps, chatId: ChatId, seq: number): Promise<void> {
  await changeScopes(deps, [{ kind: 'chat', id: chatId }], async (tx) => {
    const rev = await advance(tx, { kind: 'chat', id: chatId })
    const row = tx.db.updateTable('messages').set((eb) => ({ deleted_at: eb.fn<Date>('veche_now'), body: null, rev }))
    await row.where('chat_id', '=', chatId).where('seq', '=', seq).execute()
  })
}

/** Many messages at once, each with a revision of its own, as sends would have made them; told to nobody. */
export async function addMessages(
  deps: Deps,
  chatId: ChatId,
  given: { author: TestUser; count: number; body: string },
): Promise<void> {
  const { author, count, body } = given
  await sql`with place as (update scopes set rev = rev + ${count}, seq = seq + ${count} where id = ${chatId} returning rev, seq)
    insert into messages (chat_id, seq, rev, id, author_id, kind, body)
    select ${chatId}::uuid, place.seq - ${count} + n, place.rev - ${count} + n, gen_random_uuid(), ${author.userId}::uuid, 'text', ${body}
    from place, generate_series(1, ${count}::int) n`.execute(deps.db)
}
