import { createHash } from 'node:crypto'
import { idTime } from '@veche/shared/ids'
import { codePoints, limits } from '@veche/shared/limits'
import { serverLimits } from '@veche/shared/server-limits'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { SendMessage } from '@veche/shared/schemas/messages'
import { type MyRole, requireRole, roleStatement, rolesThatMay } from '../chats/access.ts'
import type { Ctx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import { isUniqueViolation, type Statement } from '../platform/db.ts'
import { messageColumns, toMessage } from './rows.ts'

export type Sent = { message: MessageRow }

type StoredMessage = Parameters<typeof toMessage>[0] & { client_hash: Buffer } & {
  is_retry: boolean
  /** The first message of a meeting's chat has changed the chat as well. */
  is_listed: boolean
  /** Null in the answer to a retry of somebody who is no member any more. */
  members_rev: number | null
}

/** Sends a message once, however often the client retries. */
export async function sendMessage(ctx: Ctx, input: SendMessage): Promise<Sent> {
  must(input.body.length > 0, 'message.empty')
  must(codePoints(input.body) <= limits.message.body, 'message.too_long')
  const stored = await storeOnce(ctx, input)
  must(stored.chat_id === input.chatId && stored.client_hash.equals(hashOf(input)), 'message.conflict')
  const message = toMessage(stored)
  if (!stored.is_retry) tellSent(ctx, stored, message)
  return { message }
}

function tellSent(ctx: Ctx, { is_listed, members_rev }: StoredMessage, message: MessageRow): void {
  const scope = { scope: 'chat', id: message.chatId, rev: message.rev } as const
  // The row of the chat has changed as well, and is not here: it has to be read.
  if (is_listed || members_rev === null) ctx.hints.tell({ hints: [scope] })
  else ctx.liveHub.tellWritten({ ...scope, rows: { messages: [message] }, membersRev: members_rev })
}

/**
 * Other procedures use `changeScopes`; messages and read positions are many, hence `ScopeWriters`. Under the lock of the chat one statement looks whether
 * this message was stored before, reads the right, advances the scope and writes the message. The first message brings the chat of a
 * meeting into the list of chats. A retry whose first answer was lost gets the stored message, also when its author has been removed since.
 */
async function storeOnce(ctx: Ctx, input: SendMessage): Promise<StoredMessage> {
  const isExpired = ctx.clock.now() - idTime(input.clientId) >= serverLimits.clientIdDays * 86_400_000
  const statement = storeStatement(ctx, input, isExpired ? [] : rolesThatMayPost)
  const store = () => ctx.writers.write(input.chatId, statement)
  const [row] = await store().catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error
    // Two chats got the same client id at the same time: neither lock kept the other away, but now the stored message can be seen.
    return store()
  })
  const found = row as (MyRole | { chat_kind: null }) & (StoredMessage | { seq: null })
  if (found.seq !== null) return found
  must(!isExpired, 'message.client_id_expired')
  requireRole(found, 'post')
  // The right was there and nothing was written: the chat has no scope.
  return fail('server.error')
}

const rolesThatMayPost = rolesThatMay('post')
const columns = [...messageColumns, 'client_hash'].join(', ')

/** The permanent key of a message is its author's client id; the hash tells a retry from another message under the same id. */
function storeStatement(ctx: Ctx, input: SendMessage, roles: string[]): Statement {
  const { chatId, clientId, body } = input
  const values = [chatId, ctx.actor.userId, clientId, hashOf(input), body, roles]
  return { name: 'message-store', text: storeText, values }
}

/**
 * $1: chat · $2: author · $3: client id · $4: hash · $5: body · $6: kinds of chats with the roles that may post.
 * `(select) nothing` is a row without columns, so it answers one row in any case.
 */
const storeText = `
  with mine as (${roleStatement}),
    sent as (select ${columns} from messages where author_id = $2 and client_id = $3),
    advanced as (
      update scopes set rev = rev + 1, seq = seq + 1
      where id = $1 and not exists (select from sent)
        and exists (select from mine where chat_kind || ' ' || my_role = any($6::text[]))
      returning rev, seq),
    listed as (
      update chats set meeting_only = false, rev = advanced.rev from advanced where chats.id = $1 and chats.meeting_only
      returning true),
    written as (
      insert into messages (chat_id, seq, rev, author_id, client_id, client_hash, kind, body)
      select $1::uuid, advanced.seq, advanced.rev, $2::uuid, $3::uuid, $4::bytea, 'text', $5 from advanced
      returning ${columns})
  select mine.chat_kind, mine.my_role, mine.members_rev, exists (select from listed) as is_listed, found.*
  from (select) nothing left join mine on true
    left join (select true as is_retry, sent.* from sent union all select false, written.* from written) found on true`

function hashOf({ chatId, body }: SendMessage): Buffer {
  return createHash('sha256').update(`text\n${chatId}\n${body}`).digest()
}
