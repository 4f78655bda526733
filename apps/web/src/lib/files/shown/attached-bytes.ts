import type { LiveClient } from '#lib/live/LiveClient.ts'

/** What this device holds of a file that is on its way. */
export async function attachedBytes({ store }: LiveClient, attachmentId: string | null): Promise<Blob | null> {
  if (!attachmentId) return null
  return (await store.read((tx) => tx.get('attachments', attachmentId), ['attachments']))?.bytes ?? null
}
