import type { Store } from './Store.ts'
import type { Visit } from './tables.ts'

/** The chat is shown on this device. */
export async function noteVisit(store: Store, visit: Visit): Promise<void> {
  await store.merge(async ({ tx }) => tx.put('visits', visit), ['visits'])
}
