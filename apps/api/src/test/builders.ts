import { DIRECTORY_SCOPE, type DialogId, newId, type SessionId, type UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { MessageRow } from '@veche/shared/rows/rows'
import { sql } from 'kysely'
import { hashToken, newToken } from '../auth/sessions.ts'
import type { Deps } from '../deps.ts'
import { callerFor } from './harness.ts'
import { inTransaction } from '../platform/transaction.ts'
import { advance, changeScope, createScope, lockScopes } from '../platform/scopes.ts'

export type TestUser = { userId: UserId; sessionId: SessionId; token: string; name: string; email: string }

let count = 0

/** A person with a session. No password: tests of passwords sign up as people do. */
export async function newUser(deps: Deps, given: { name?: string; role?: ServerRole } = {}): Promise<TestUser> {
  count += 1
  const name = given.name ?? `Person ${count}`
  const userId = newId<UserId>()
  const email = `person${count}-${userId.slice(-6)}@example.org`
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'directory', id: DIRECTORY_SCOPE }])
    const rev = await advance(tx, { kind: 'directory', id: DIRECTORY_SCOPE })
    const own = await createScope(tx, { kind: 'user', id: userId })
    const handle = `p${userId.replaceAll('-', '').slice(-20)}`
    await tx.db
      .insertInto('users')
      .values({ id: userId, handle, name, email, role: given.role ?? 'member', rev })
      .execute()
    await tx.db.insertInto('user_settings').values({ user_id: userId, rev: own }).execute()
  })
  return { userId, name, email, ...(await newSession(deps, userId)) }
}

export async function newSession(deps: Deps, userId: UserId): Promise<{ sessionId: SessionId; token: string }> {
  const sessionId = newId<SessionId>()
  const token = newToken()
  await inTransaction(deps, async (tx) => {
    await lockScopes(tx, [{ kind: 'user', id: userId }])
    const rev = await advance(tx, { kind: 'user', id: userId })
    const expires = new Date(deps.clock.now() + 86_400_000)
    const row = {
      id: sessionId,
      user_id: userId,
      token_hash: hashToken(token),
      device: 'test',
      ip: '127.0.0.1',
      expires_at: expires,
      rev,
    }
    await tx.db.insertInto('sessions').values(row).execute()
  })
  return { sessionId, token }
}

/** A group of these people, the first its owner; made as people make one. */
export async function newGroup(deps: Deps, people: TestUser[], title = 'Group'): Promise<DialogId> {
  const [owner, ...others] = people
  const id = newId<DialogId>()
  await callerFor(deps, owner!).dialogs.createGroup({ id, title, userIds: others.map((person) => person.userId) })
  return id
}

export async function newDirect(deps: Deps, one: TestUser, other: TestUser): Promise<DialogId> {
  const answer = await callerFor(deps, one).dialogs.openDirect({ userId: other.userId })
  return answer.id as DialogId
}

export async function say(deps: Deps, who: TestUser, dialogId: DialogId, body: string): Promise<MessageRow> {
  const { message } = await callerFor(deps, who).messages.send({ dialogId, clientId: newId(), body })
  return message
}

/** As a later release will delete: the row stays, stamped, and its words are gone. */
export async function bury(deps: Deps, dialogId: DialogId, seq: number): Promise<void> {
  await changeScope(deps, { kind: 'dialog', id: dialogId }, async (tx) => {
    const rev = await advance(tx, { kind: 'dialog', id: dialogId })
    const row = tx.db.updateTable('messages').set((eb) => ({ deleted_at: eb.fn<Date>('veche_now'), body: null, rev }))
    await row.where('dialog_id', '=', dialogId).where('seq', '=', seq).execute()
  })
}

/** Many messages at once, each with a revision of its own, as sends would have made them; told to nobody. */
export async function addMessages(
  deps: Deps,
  dialogId: DialogId,
  given: { author: TestUser; count: number; body: string },
): Promise<void> {
  const { author, count, body } = given
  await sql`with place as (update scopes set rev = rev + ${count}, seq = seq + ${count} where id = ${dialogId} returning rev, seq)
    insert into messages (dialog_id, seq, rev, id, author_id, kind, body)
    select ${dialogId}::uuid, place.seq - ${count} + n, place.rev - ${count} + n, gen_random_uuid(), ${author.userId}::uuid, 'text', ${body}
    from place, generate_series(1, ${count}::int) n`.execute(deps.db)
}
