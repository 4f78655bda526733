import type { ChatId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import type { GalleryKind } from '@veche/shared/messages'
import { untrack } from 'svelte'
import { getApi } from '#lib/api/client.ts'
import { getLive } from '#lib/live/live.svelte.ts'
import { Gallery } from './Gallery.svelte.ts'

/** Called while a component is set up. The gallery lives as long as the component, and tries again when the connection is back. */
export function openGallery(chatId: ChatId, kind: GalleryKind, start?: MessageRow): Gallery {
  const api = getApi()
  const live = getLive()
  const { client } = live
  if (!client) throw new Error('a gallery needs an open store')
  const gallery = new Gallery({
    chatId,
    kind,
    store: client.store,
    ...(start ? { start } : {}),
    fetch: async (query) => {
      const page = await api.files.gallery.query({ chatId, kind, ...query })
      const unknown = page.messages.filter(({ authorId }) => !live.people.has(authorId))
      // Their names are fetched, and stay up to date.
      if (unknown.length > 0)
        void live
          .merge(
            async (merge) => {
              for (const { authorId } of unknown) await merge.keepPerson(authorId)
            },
            ['people'],
          )
          .catch(() => undefined)
      return page
    },
  })
  void gallery.open()
  $effect(() => {
    if (live.status === 'online') untrack(() => void gallery.retry())
  })
  $effect(() => () => gallery.close())
  return gallery
}
