import type { ChatId } from '@veche/shared/ids'
import type { Changes } from '#lib/store/changes.ts'
import type { Store } from '#lib/store/Store.ts'
import type { KeptFilesCommand } from './commands.ts'
import { commandKeptFiles, tellKeptFilesBound } from './kept-files.ts'

type FollowedStore = Pick<Store, 'on' | 'read'>

/** Tells the service worker how much it may keep, and which files it has to forget, as long as the store is open. */
export function followDeletedFiles(
  store: FollowedStore,
  command: (command: KeptFilesCommand) => Promise<unknown> = commandKeptFiles,
): void {
  void tellKeptFilesBound()
  store.on('changed', (changes) => {
    for (const chatId of changes.messages.keys())
      void filesToForget(store, chatId, changes)
        .then((seqs) => (seqs === null ? null : command({ act: 'forget', chatId, seqs })))
        .catch(() => undefined)
  })
}

/** When all messages of a chat were replaced, or the chat is gone, nothing of it is kept: nobody knows what of it has stayed. */
async function filesToForget(store: FollowedStore, chatId: ChatId, { messages }: Changes) {
  const seqs = messages.get(chatId)
  if (!seqs || seqs === 'all') return 'all' as const
  const rows = await store.read(
    async (tx) => await Promise.all([...seqs].map((seq) => tx.message(chatId, seq))),
    ['messages'],
  )
  const deleted = rows.flatMap((row) => (row && row.deletedAt !== null ? row.seq : []))
  return deleted.length > 0 ? deleted : null
}
