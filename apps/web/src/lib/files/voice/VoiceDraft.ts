import { type ChatId, newId } from '@veche/shared/ids'
import type { LiveClient } from '#lib/live/LiveClient.ts'
import { addVoice } from '#lib/live/outbox/send-files.ts'
import type { Merge } from '#lib/store/merge/Merge.ts'
import type { VoicePart } from '#lib/store/tables.ts'
import { encodeWaveform } from './waveform.ts'

/** A voice message that was recorded and not sent. */
export type RecordedVoice = { bytes: Blob; levels: number[]; durationMs: number }

/** The voice message of a chat that is being recorded or was not sent. It is stored on this device part by part. */
export class VoiceDraft {
  readonly #client: LiveClient
  readonly #chatId: ChatId
  #parts: VoicePart[] = []
  /** Tells apart what two tabs record in one chat. Later ones come later in the order of texts. */
  #recording: string = newId()
  /** Resolves when all parts so far are stored, or cannot be. */
  #storing: Promise<unknown> = Promise.resolve()

  constructor(client: LiveClient, chatId: ChatId) {
    this.#client = client
    this.#chatId = chatId
  }

  /** What an earlier page has left. */
  async read(): Promise<RecordedVoice | null> {
    await dropPartsOfLostChats(this.#client)
    const range = { to: `${this.#chatId}~` }
    const all = await this.#client.store.read((tx) => tx.after('voiceParts', this.#chatId, range), ['voiceParts'])
    const recordingOf = ({ id }: VoicePart) => id.split(' ')[1]
    this.#parts = all.filter((part) => recordingOf(part) === recordingOf(all[0]!))
    return this.recorded
  }

  get recorded(): RecordedVoice | null {
    const last = this.#parts.at(-1)
    if (!last) return null
    const bytes = new Blob(
      this.#parts.map((part) => part.bytes),
      { type: last.bytes.type },
    )
    return { bytes, levels: this.#parts.flatMap(({ levels }) => levels), durationMs: last.durationMs }
  }

  /** It stays in memory too: a full disk loses nothing while the page lives. */
  add(part: Pick<VoicePart, 'bytes' | 'levels' | 'durationMs'>): void {
    const id = `${this.#chatId} ${this.#recording} ${String(this.#parts.length).padStart(6, '0')}`
    const stored = { ...part, id, chatId: this.#chatId }
    this.#parts.push(stored)
    this.#enqueue(({ tx }) => tx.put('voiceParts', stored))
  }

  drop(): void {
    const drop = this.#dropParts()
    this.#enqueue(drop)
  }

  /** Resolves when the message is in the outbox. If it cannot be put there, the draft stays. */
  async send(name: string): Promise<void> {
    const { recorded } = this
    if (!recorded) return
    await this.#storing
    const { bytes, durationMs, levels } = recorded
    const file = { name, bytes, durationMs: Math.round(durationMs), waveform: encodeWaveform(levels) }
    const parts = this.#parts
    const drop = this.#dropParts()
    await addVoice(this.#client.outbox, this.#chatId, file, drop).catch((error: unknown) => {
      this.#parts = parts
      throw error
    })
  }

  #dropParts(): (merge: Merge) => void {
    const ids = this.#parts.map(({ id }) => id)
    this.#parts = []
    this.#recording = newId()
    return ({ tx }) => {
      for (const id of ids) tx.delete('voiceParts', id)
    }
  }

  #enqueue(work: (merge: Merge) => void): void {
    const run = async () =>
      await this.#client.store.merge(
        async (merge) => {
          // A member who was removed meanwhile keeps nothing of the chat.
          if (await merge.chatScope(this.#chatId)) work(merge)
        },
        ['voiceParts', 'scopes'],
      )
    this.#storing = this.#storing.then(run, run).catch(() => undefined)
  }
}

/** What was recorded for a chat that this device does not hold any more: nobody can send it. */
async function dropPartsOfLostChats({ store }: LiveClient): Promise<void> {
  await store.merge(
    async (merge) => {
      // Until all chats are here, one that is missing may only be on its way.
      if (!(await merge.tx.get('listProgress', 'chats.listed'))?.done) return
      for (const { id, chatId } of await merge.tx.all('voiceParts'))
        if (!(await merge.chatScope(chatId))) merge.tx.delete('voiceParts', id)
    },
    ['voiceParts', 'scopes', 'listProgress'],
  )
}
