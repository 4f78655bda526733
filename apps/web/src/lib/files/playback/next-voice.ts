import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { rangeOf } from '#lib/store/ranges.ts'

const PAGE_SIZE = 50
/** Whoever listens on for hours may be asked to press once more. */
const MAX_PAGES = 20

/** The next voice message of the chat that is wanted, whatever stands between. It is fetched if this device does not hold it. */
export async function nextVoice(
  client: LiveClient,
  { chatId, seq }: { chatId: ChatId; seq: number },
  isWanted: (row: MessageRow) => boolean,
): Promise<MessageRow | null> {
  let after = seq
  for (let page = 0; page < MAX_PAGES; page++) {
    const held = await heldAfter(client, chatId, after)
    if (!held) return null
    const found = held.rows.find((row) => row.kind === 'voice' && !row.deletedAt && isWanted(row))
    if (found) return found
    if (held.isEnd) return null
    if (held.to === after) await client.historyPages.fetch({ chatId, after, limit: PAGE_SIZE })
    after = held.to
    // A page that brought nothing: there is nothing to be heard.
    if (held.to === held.from && !(await heldAfter(client, chatId, after))?.rows.length) return null
  }
  return null
}

/** The messages after this one that this device holds without a gap. */
async function heldAfter(client: LiveClient, chatId: ChatId, after: number) {
  return await client.store.read(
    async (tx) => {
      const scope = await tx.get('scopes', chatId)
      if (scope?.kind !== 'chat') return null
      const reach = rangeOf(scope.ranges, after + 1)?.[1] ?? after
      const to = Math.min(reach, after + PAGE_SIZE)
      const rows = await tx.messages(chatId, after + 1, to)
      return { rows, from: after, to, isEnd: to >= scope.top }
    },
    ['scopes', 'messages'],
  )
}
