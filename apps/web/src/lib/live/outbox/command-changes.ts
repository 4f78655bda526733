import { newId, type ClientId } from '@veche/shared/ids'
import type { Command } from '../../store/commands.ts'
import type { Merge } from '../../store/merge/Merge.ts'
import type { Store } from '../../store/Store.ts'
import type { ServerClock } from '../ServerClock.ts'
import { nextOrder } from './Outbox.ts'

/** Puts a refused message at the end of the outbox. If the server will never take its client id, it gets another. */
export async function resendCommand(store: Store, clock: ServerClock, id: ClientId): Promise<void> {
  const newClientId = newId<ClientId>(clock.now())
  const isRefused = ({ refusal }: Command) => refusal !== null
  await changeCommand(store, id, isRefused, async (merge, held) => {
    const isIdSpent = held.refusal === 'message.conflict' || held.refusal === 'message.client_id_expired'
    const order = await nextOrder(merge)
    merge.tx.put('outbox', { ...held, id: isIdSpent ? newClientId : id, order, refusal: null })
  })
}

/** Deletes a refused message, and one whose files are still on their way. Answers what was deleted. */
export async function deleteCommand(store: Store, id: ClientId): Promise<Command | undefined> {
  return await changeCommand(store, id, ({ refusal, kind }) => refusal !== null || kind === 'files.send')
}

/** Takes the command out of the outbox, if it may be, and perhaps puts another one in. */
async function changeCommand(
  store: Store,
  id: ClientId,
  mayChange: (held: Command) => boolean,
  replace: (merge: Merge, held: Command) => Promise<void> = async () => undefined,
): Promise<Command | undefined> {
  return await store.merge(
    async (merge) => {
      const held = await merge.tx.get('outbox', id)
      if (!held || !mayChange(held)) return undefined
      merge.tx.delete('outbox', id)
      await replace(merge, held)
      merge.noteCommand(held)
      return held
    },
    ['outbox'],
  )
}
