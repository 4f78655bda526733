import type { MessageRow } from '@veche/shared/rows/rows'
import type { Store } from '#lib/store/Store.ts'

/** Says that what somebody looked at was deleted, when that is why it is gone. */
export async function tellIfDeleted(
  store: Pick<Store, 'read'>,
  { chatId, seq }: Pick<MessageRow, 'chatId' | 'seq'>,
  tell: () => void,
): Promise<void> {
  const row = await store.read((tx) => tx.message(chatId, seq), ['messages'])
  if (row && row.deletedAt !== null) tell()
}
