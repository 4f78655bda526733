import type { MessageFile, MessageRow } from '@veche/shared/rows/rows'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { Feature } from '#lib/signed-in/feature.ts'
import type { SignedInApp } from '#lib/signed-in/SignedInApp.svelte.ts'
import type { MessageCommand } from '#lib/store/commands.ts'
import { clockText } from './shown/clock-text.ts'
import { PlayerSlot, setPlayerSlot } from './playback/PlayerSlot.svelte.ts'

/** The words that the list of chats needs. The others come with the first file. */
const fileMessageWords = wordsOf('fileMessage')

/** One piece of code: each one more would cost the first load its name. */
const loadParts = () => import('./file-parts.ts')

/** Files and voice messages: what the composer has for them, what the history shows of them, and the player that goes on on every page. */
export const fileFeature: Feature = {
  start(app) {
    const { messageKinds, conversationParts } = app
    const player = new PlayerSlot()
    messageKinds.register(fileMessageKind)
    messageKinds.register({ ...fileMessageKind, kind: 'voice' })
    conversationParts.attach = {
      part: async () => (await loadParts()).Attach,
      voice: async () => (await loadParts()).VoiceComposer,
      send: async (...message) => (await loadParts()).sendPicked(...message),
    }
    conversationParts.details = async () => (await loadParts()).SharedFilesEntry
    return {
      provide: () => void setPlayerSlot(player),
      follow: () => void followDeleted(app),
      end: () => player.current?.close(),
      bar: {
        isShown: () => !!player.current?.playback.track,
        component: async () => (await loadParts()).PlaybackBar,
      },
    }
  },
}

async function followDeleted(app: SignedInApp) {
  const { followDeletedFiles } = await loadParts()
  await app.started
  if (app.live.client) followDeletedFiles(app.live.client.store)
}

const fileMessageKind = {
  kind: 'file',
  summary: (locale: Locale, { kind, body, files = [] }: MessageRow) => summaryOf(locale, body, files, kind === 'voice'),
  summaryOfPending: (locale: Locale, { kind, input }: MessageCommand) =>
    kind === 'files.send' ? summaryOf(locale, input.body, input.files, input.voice) : '',
  content: async () => (await loadParts()).MessageFiles,
} as const

type NamedFile = Pick<MessageFile, 'name' | 'mime'> & { durationMs?: number | null }

/** The caption, or what the files are. */
function summaryOf(locale: Locale, caption: string | null, files: NamedFile[], isVoice = false): string {
  if (caption) return caption
  const t = wordsIn(locale, fileMessageWords)
  const count = files.length
  if (isVoice) return t.voice({ duration: clockText(files[0]?.durationMs ?? 0) })
  if (files.every(({ mime }) => mime.startsWith('image/'))) return t.photos({ count })
  return count === 1 ? (files[0]?.name ?? '') : t.files({ count })
}
