import type { ChatId } from '@veche/shared/ids'
import type { Store } from './Store.ts'
import type { Visit } from './tables.ts'

/** The chat is shown on this device. */
export async function noteVisit(store: Store, { chatId, at }: Pick<Visit, 'chatId' | 'at'>): Promise<void> {
  await store.merge(async ({ tx }) => tx.put('visits', { ...(await tx.get('visits', chatId)), chatId, at }), ['visits'])
}

/** The reader sees this message; null: the end. Nothing is kept of a chat that was dropped meanwhile. */
export async function noteStoppedAt(store: Store, chatId: ChatId, stoppedAtSeq: number | null): Promise<void> {
  await store.merge(
    async ({ tx }) => {
      const visit = await tx.get('visits', chatId)
      if (visit) tx.put('visits', { ...visit, stoppedAtSeq })
    },
    ['visits'],
  )
}
