import { createHash } from 'node:crypto'
import { type ClientId, idTime, type MessageId, newId } from '@veche/shared/ids'
import { codePoints, limits } from '@veche/shared/limits'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { SendMessage } from '@veche/shared/schemas/messages'
import type { Ctx } from '../ctx.ts'
import { mustBeOpen, type Place, placesThatMay, placeText } from '../chats/access.ts'
import { fail, must } from '../errors.ts'
import type { Statement } from '../platform/Pipelines.ts'
import { isAlreadyThere } from '../platform/ScopeWriters.ts'
import { messageColumns, toMessage } from './rows.ts'

export type Sent = { message: MessageRow }

type Stored = Parameters<typeof toMessage>[0] & { client_hash: Buffer; again: boolean }
type Found = (Place | { chat_kind: null }) & (Stored | { id: null })

/**
 * Under the lock of the chat one statement looks whether this was sent before, reads the right, counts the scope on and writes the
 * message. A lost answer is answered again whatever the right is now: whoever was removed since still learns that it was sent.
 */
export async function sendMessage(ctx: Ctx, input: SendMessage): Promise<Sent> {
  must(input.body.length > 0, 'message.empty')
  must(codePoints(input.body) <= limits.message.body, 'message.too_long')
  const { chatId } = input
  const isOld = isExpired(ctx, input.clientId)
  const found = await write(ctx, input, isOld).catch((error) => again(ctx, input, error))
  if (found.id === null) return refuse(found, isOld)
  must(found.client_hash.equals(hashOf(input)) && found.chat_id === chatId, 'message.conflict')
  const message = toMessage(found)
  if (!found.again) ctx.hints.tell({ hints: [{ scope: 'chat', id: chatId, rev: message.rev }] })
  return { message }
}

async function write(ctx: Ctx, input: SendMessage, isOld: boolean): Promise<Found> {
  const [found] = await ctx.writers.write(input.chatId, writing(ctx, input, isOld))
  return found as Found
}

/** The same client id at the same time in two chats: neither lock kept the other away, and now it can be seen. */
function again(ctx: Ctx, input: SendMessage, error: unknown): Promise<Found> {
  if (!isAlreadyThere(error)) throw error
  return write(ctx, input, isExpired(ctx, input.clientId))
}

function refuse(found: Found, isOld: boolean): never {
  must(!isOld, 'message.client_id_expired')
  mustBeOpen(found, 'post')
  // The right was there and nothing was written: there is no such scope, though there is such a chat.
  return fail('server.error')
}

function writing(ctx: Ctx, input: SendMessage, isOld: boolean): Statement {
  const { chatId, clientId, body } = input
  const id = newId<MessageId>(ctx.clock.now())
  const places = isOld ? [] : mayPost
  return {
    name: 'message-write',
    text,
    values: [chatId, ctx.actor.userId, clientId, id, hashOf(input), body, places],
  }
}

const mayPost = placesThatMay('post')
const columns = [...messageColumns, 'client_hash'].join(', ')

/** The permanent key of a message is its author's client id; the hash tells a retry from another message under the same id. */
const text = `
  with place as (${placeText}),
    sent as (select ${columns} from messages where author_id = $2 and client_id = $3),
    counted as (
      update scopes set rev = rev + 1, seq = seq + 1
      where id = $1 and not exists (select from sent)
        and exists (select from place where chat_kind || ' ' || my_role = any($7::text[]))
      returning rev, seq),
    written as (
      insert into messages (chat_id, seq, rev, id, author_id, client_id, client_hash, kind, body)
      select $1::uuid, counted.seq, counted.rev, $4::uuid, $2::uuid, $3::uuid, $5::bytea, 'text', $6 from counted
      returning ${columns})
  select place.chat_kind, place.my_role, found.*
  from (select) nothing left join place on true
    left join (select true as again, sent.* from sent union all select false, written.* from written) found on true`

function hashOf({ chatId, body }: SendMessage): Buffer {
  return createHash('sha256').update(`text\n${chatId}\n${body}`).digest()
}

function isExpired(ctx: Ctx, clientId: ClientId): boolean {
  return ctx.clock.now() - idTime(clientId) >= limits.clientIdDays * 86_400_000
}
