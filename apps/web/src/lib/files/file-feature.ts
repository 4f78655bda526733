import type { MessageFile, MessageRow } from '@veche/shared/rows/rows'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { Feature } from '#lib/signed-in/feature.ts'
import type { SignedInApp } from '#lib/signed-in/SignedInApp.svelte.ts'
import type { MessageCommand } from '#lib/store/commands.ts'

/** The words that the list of chats needs. The others come with the first file. */
const fileMessageWords = wordsOf('fileMessage')

/** Files in messages: the button in the composer, and what the history shows of them. */
export const fileFeature: Feature = {
  start(app) {
    const { messageKinds, conversationParts } = app
    messageKinds.register(fileMessageKind)
    conversationParts.attach = {
      part: () => import('./Attach.svelte').then((module) => module.default),
      send: async (...message) => (await import('./send-picked.ts')).sendPicked(...message),
    }
    conversationParts.details = () => import('./gallery/SharedFilesEntry.svelte').then((module) => module.default)
    return { follow: () => void followDeleted(app) }
  },
}

async function followDeleted(app: SignedInApp) {
  const { followDeletedFiles } = await import('./kept/deleted-files.ts')
  await app.started
  if (app.live.client) followDeletedFiles(app.live.client.store)
}

const fileMessageKind = {
  kind: 'file',
  summary: (locale: Locale, { body, files = [] }: MessageRow) => summaryOf(locale, body, files),
  summaryOfPending: (locale: Locale, { kind, input }: MessageCommand) =>
    kind === 'files.send' ? summaryOf(locale, input.body, input.files) : '',
  content: () => import('./MessageFiles.svelte').then((module) => module.default),
} as const

/** The caption, or what the files are. */
function summaryOf(locale: Locale, caption: string | null, files: Pick<MessageFile, 'name' | 'mime'>[]): string {
  if (caption) return caption
  const t = wordsIn(locale, fileMessageWords)
  const count = files.length
  if (files.every(({ mime }) => mime.startsWith('image/'))) return t.photos({ count })
  return count === 1 ? (files[0]?.name ?? '') : t.files({ count })
}
