import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { addRange } from '../ranges.ts'
import { firstVisibleSeq } from '../visible-history.ts'
import type { Merge } from './Merge.ts'
import { mergeRows } from './rows.ts'

/** Merges a page of history. False: the page is older than the rows that replaced the chat since, and has to be fetched again. */
export async function applyHistoryPage(
  merge: Merge,
  asked: { chatId: ChatId; before?: number | undefined; after?: number | undefined },
  page: { rev: number; messages: MessageRow[]; more: boolean },
): Promise<boolean> {
  const { chatId, before, after } = asked
  const scope = await merge.chatScope(chatId)
  if (!scope || page.rev < scope.replacedRev) return false
  await mergeRows(merge, { messages: page.messages }, 'snapshot')
  const first = page.messages[0]?.seq
  const last = page.messages.at(-1)?.seq
  const start = firstVisibleSeq(await merge.membership(chatId), await merge.tx.get('chats', chatId))
  if (after !== undefined) {
    if (last !== undefined) await holdRange(merge, chatId, Math.max(after + 1, start), last)
    return true
  }
  const end = before === undefined ? last : before - 1
  const beginning = page.more ? first : start
  if (end !== undefined && beginning !== undefined) await holdRange(merge, chatId, Math.max(beginning, start), end)
  return true
}

/** A page also says that no message exists between those it brings. */
async function holdRange(merge: Merge, chatId: ChatId, from: number, to: number): Promise<void> {
  const scope = await merge.chatScope(chatId)
  if (scope) merge.setScope({ ...scope, ranges: addRange(scope.ranges, from, to) })
}
