import type { MessageRow } from '@veche/shared/rows/rows'
import { readStored, writeStored } from '#lib/browser/storage.ts'
import { beginSound, onOtherSound } from '#lib/browser/sound-turns.ts'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { attachedBytes } from '../shown/attached-bytes.ts'
import { fromRow, type ShownFile } from '../shown/shown-files.ts'
import { ListenedMarks } from './ListenedMarks.svelte.ts'
import { nextVoice } from './next-voice.ts'
import { Playback, type PlaybackFailure, playbackRates } from './Playback.svelte.ts'
import type { PlayerSlot } from './PlayerSlot.svelte.ts'
import { playedUrl, type Track } from './tracks.ts'

const RATE_KEY = 'veche.playback-rate'

export type Player = { playback: Playback; listened: ListenedMarks; close: () => void }

/** The player of this tab. The first that needs it makes it. */
export function openPlayer(slot: PlayerSlot, client: LiveClient): Player {
  if (slot.current) return slot.current
  const isForMe = (row: MessageRow) => row.authorId !== client.store.userId && listened.isUnlistened(row)
  const listened = new ListenedMarks(client)
  void listened.start().catch(() => undefined)
  const playback = new Playback({
    element: new Audio(),
    every: (ms, run) => {
      const timer = setInterval(run, ms)
      return () => clearInterval(timer)
    },
    failureOf,
    next: async ({ message }) => {
      const row = message && (await nextVoice(client, message, isForMe))
      return row && voiceTrack(row)
    },
    onPlay: (track) => {
      beginSound(slot)
      void markListened(client, listened, track).catch(() => undefined)
    },
    rate: playbackRates.find((rate) => String(rate) === readStored(RATE_KEY)) ?? 1,
    onRate: (rate) => writeStored(RATE_KEY, String(rate)),
  })
  const stopYielding = onOtherSound(slot, () => playback.pause())
  return (slot.current = {
    playback,
    listened,
    close: () => {
      playback.close()
      stopYielding()
      listened.stop()
    },
  })
}

/** Null when its files are not known. */
export function voiceTrack(row: MessageRow): Track | null {
  const file = row.files?.[0] && fromRow(row.files[0])
  const source = file && playedUrl(file)
  if (!source) return null
  const { chatId, seq, authorId } = row
  const { durationMs, name } = file
  return { key: trackKey(row), kind: 'voice', source, durationMs, name, message: { chatId, seq, authorId } }
}

/** A sound file of a message; `row` is null while that is on its way. */
export function soundTrack(client: LiveClient, row: MessageRow | null, file: ShownFile): Track {
  return {
    key: `sound ${file.key}`,
    kind: 'sound',
    source: playedUrl(file) ?? (() => attachedBytes(client, file.attachmentId)),
    durationMs: file.durationMs,
    message: row && { chatId: row.chatId, seq: row.seq, authorId: row.authorId },
    name: file.name,
  }
}

/** One's own message keeps the key that it had while it was on its way. */
export function trackKey({ chatId, clientId, seq }: MessageRow): string {
  return `voice ${clientId ?? `${chatId} ${seq}`}`
}

async function markListened(client: LiveClient, listened: ListenedMarks, { kind, message }: Track): Promise<void> {
  if (kind !== 'voice' || !message) return
  const row = await client.store.read((tx) => tx.message(message.chatId, message.seq), ['messages'])
  if (row) await listened.mark(row)
}

/** A player says only that it failed. */
async function failureOf(url: string): Promise<PlaybackFailure> {
  try {
    const { ok, status } = await fetch(url, { headers: { range: 'bytes=0-0', 'x-veche': '1' } })
    if (ok) return 'unplayable'
    return status === 404 || status === 403 ? 'gone' : 'unreachable'
  } catch {
    return 'unreachable'
  }
}
