import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { expect, test } from 'vitest'
import { type Changes, newChanges, noteMessage } from '#lib/store/changes.ts'
import type { KeptFilesCommand } from './commands.ts'
import { followDeletedFiles } from './deleted-files.ts'

const chatId = 'chat' as ChatId

/** What the worker is told after these messages have changed. */
async function told(seqs: number[] | 'all', deleted: number[] = []): Promise<KeptFilesCommand[]> {
  const commands: KeptFilesCommand[] = []
  let change: (changes: Changes) => void = () => undefined
  const row = (seq: number) => ({ seq, deletedAt: deleted.includes(seq) ? '2026-03-03' : null }) as MessageRow
  const store = {
    on: (_: string, listener: (changes: Changes) => void) => {
      change = listener
      return () => undefined
    },
    read: (work: (tx: unknown) => Promise<unknown>) => work({ message: async (_: ChatId, seq: number) => row(seq) }),
  }
  followDeletedFiles(store as never, async (command) => commands.push(command))
  const changes = newChanges()
  for (const seq of seqs === 'all' ? ['all' as const] : seqs) noteMessage(changes, chatId, seq)
  change(changes)
  await new Promise((resolve) => setTimeout(resolve))
  return commands
}

test('the files of a message that was deleted are forgotten, and those of others are not', async () => {
  expect(await told([1, 2, 3], [2])).toEqual([{ act: 'forget', chatId, seqs: [2] }])
  expect(await told([1, 2, 3])).toEqual([])
})

test('nothing of a chat is kept when it is gone, or when all that is held of it was replaced', async () => {
  expect(await told('all')).toEqual([{ act: 'forget', chatId, seqs: 'all' }])
})
