import type { ChatId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { dropMessagesBelow, firstNeededSeq } from './merge/dropped-messages.ts'
import { sizeOf, type Range } from './ranges.ts'
import type { Store } from './Store.ts'
import { noteVisit } from './visits.ts'

export type HistoryLimits = { rows: number; bytes: number }

/** What one device keeps of all histories together. */
export const historyLimits: HistoryLimits = { rows: 50_000, bytes: 200 * 1024 * 1024 }
/** When a limit is exceeded, this share of it is kept: the next message must not exceed it again. */
const KEPT_SHARE = 0.9
/** A body may take two bytes for each character; the rest of a row is small. */
const MAX_ROW_BYTES = 2 * limits.message.body + 1_024
const SAMPLE_ROWS = 20

type Limiting = { now: number; shown: ChatId[]; everyMs: number; limits?: HistoryLimits }

/**
 * To be called in each tab every `everyMs`. First it notes what is shown there, so that no other tab takes these chats for chats that
 * nobody visits.
 */
export async function limitHistory(store: Store, { now, shown, everyMs, limits: most }: Limiting): Promise<void> {
  for (const chatId of shown) await noteVisit(store, { chatId, at: now })
  await dropOldHistory(store, { visitedBefore: now - 2.5 * everyMs, limits: most })
}

export type HeldHistorySize = {
  chatId: ChatId
  ranges: Range[]
  /** Messages from this one on have to stay. */
  neededFrom: number
  /** When the chat was opened last on this device; 0: never. */
  visitedAt: number
  rowBytes: number
}

/**
 * Drops the oldest messages of the least recently visited chats, when this device holds too many. Sizes are counted from a few rows of
 * the histories that may lose some: what the browser estimates is of the whole origin, and sinks only long after rows were deleted. With
 * more than a thousand chats, those that stay of each may be more than the limit.
 */
export async function dropOldHistory(
  store: Store,
  { visitedBefore, limits: most = historyLimits }: { visitedBefore: number; limits?: HistoryLimits | undefined },
): Promise<void> {
  const held = await readSizes(store)
  const rows = held.reduce((sum, { ranges }) => sum + sizeOf(ranges), 0)
  if (rows <= most.rows && rows * MAX_ROW_BYTES <= most.bytes) return
  await estimateRowBytes(store, held)
  for (const { chatId, below } of planDrops(held, { visitedBefore, limits: most })) {
    await store.merge((merge) => dropMessagesBelow(merge, chatId, below), ['scopes', 'messages'])
  }
}

/** Which messages go: in each of these chats those below a number. Chats that were visited since `visitedBefore` lose none. */
export function planDrops(
  held: HeldHistorySize[],
  { visitedBefore, limits: most }: { visitedBefore: number; limits: HistoryLimits },
): { chatId: ChatId; below: number }[] {
  const rows = held.reduce((sum, { ranges }) => sum + sizeOf(ranges), 0)
  const bytes = held.reduce((sum, { ranges, rowBytes }) => sum + sizeOf(ranges) * rowBytes, 0)
  if (rows <= most.rows && bytes <= most.bytes) return []
  let rowsOver = rows - most.rows * KEPT_SHARE
  let bytesOver = bytes - most.bytes * KEPT_SHARE
  const byVisit = held.filter((each) => each.visitedAt < visitedBefore).sort((a, b) => a.visitedAt - b.visitedAt)
  return byVisit.flatMap(({ chatId, ranges, neededFrom, rowBytes }) => {
    const wanted = Math.ceil(Math.max(rowsOver, bytesOver / rowBytes))
    if (wanted <= 0) return []
    const below = Math.min(seqAfter(ranges, wanted), neededFrom)
    const dropped = sizeOf(ranges.map(([from, to]): Range => [from, Math.min(to, below - 1)]))
    rowsOver -= dropped
    bytesOver -= dropped * rowBytes
    return dropped > 0 ? [{ chatId, below }] : []
  })
}

/** The number that follows the first `count` held ones. */
function seqAfter(ranges: Range[], count: number): number {
  let left = count
  for (const [from, to] of ranges) {
    if (left <= to - from) return from + left
    left -= to - from + 1
  }
  return (ranges.at(-1)?.[1] ?? 0) + 1
}

async function readSizes(store: Store): Promise<HeldHistorySize[]> {
  return await store.read(
    async (tx) => {
      const visits = new Map((await tx.all('visits')).map((visit) => [visit.chatId, visit.at]))
      return (await tx.all('scopes')).flatMap((scope) => {
        if (scope.kind !== 'chat') return []
        const { id: chatId, ranges } = scope
        const visitedAt = visits.get(chatId) ?? 0
        return { chatId, ranges, neededFrom: firstNeededSeq(scope), visitedAt, rowBytes: MAX_ROW_BYTES }
      })
    },
    ['visits', 'scopes'],
  )
}

/** Most histories are short and lose nothing: their rows are taken to be as large as those of the others. */
async function estimateRowBytes(store: Store, held: HeldHistorySize[]): Promise<void> {
  const long = held.filter(({ ranges, neededFrom }) => (ranges[0]?.[0] ?? Infinity) < neededFrom)
  for (const each of long) each.rowBytes = await rowBytes(store, each)
  const usual = long.reduce((sum, { rowBytes }) => sum + rowBytes, 0) / Math.max(1, long.length)
  for (const each of held) if (!long.includes(each)) each.rowBytes = usual
}

/** The bytes of an average row: two for each character, as browsers store Cyrillic letters. */
async function rowBytes(store: Store, { chatId, ranges }: HeldHistorySize): Promise<number> {
  const [, last] = ranges.at(-1) ?? [0, 0]
  const sample = await store.read((tx) => tx.messages(chatId, last - SAMPLE_ROWS + 1, last), ['messages'])
  return sample.length === 0 ? 1 : (2 * JSON.stringify(sample).length) / sample.length
}
