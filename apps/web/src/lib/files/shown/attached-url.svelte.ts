import type { Live } from '#lib/live/live.svelte.ts'
import { attachedBytes } from './attached-bytes.ts'

/**
 * An address of bytes that only this device has, because they are on their way to the server. Null for all others. Called while a component
 * is set up, with which it ends.
 */
export function attachedUrl(live: Live, idOf: () => string | null): { readonly current: string | null } {
  let current = $state<string | null>(null)
  $effect(() => {
    const id = idOf()
    const { client } = live
    if (!id || !client) return
    let isGone = false
    void attachedBytes(client, id)
      .then((bytes) => {
        if (bytes && !isGone) current = URL.createObjectURL(bytes)
      })
      .catch(() => undefined)
    return () => {
      isGone = true
      if (current) URL.revokeObjectURL(current)
      current = null
    }
  })
  return {
    get current() {
      return current
    },
  }
}
