import type { ChatId, ClientId, ContentId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import type { Rows } from '@veche/shared/rows/rows'
import { AppError, appError } from '../../api/error.ts'
import type { AttachedFile, Command } from '../../store/commands.ts'
import type { Merge } from '../../store/merge/Merge.ts'
import type { Store } from '../../store/Store.ts'
import type { Attachment } from '../../store/tables.ts'
import type { SentFile } from '../connection/live-api.ts'
import { isUnreadable } from '../connection/unreadable-file.ts'
import type { CommandContext } from './command-kinds.ts'
import type { Outbox } from './Outbox.ts'
import { noteUploadWait } from './upload-waits.ts'

export type FileToSend = Pick<AttachedFile, 'name' | 'width' | 'height' | 'thumbhash' | 'durationMs' | 'waveform'> & {
  bytes: Blob
}

/** Resolves when the files and their caption are in the outbox, and the draft that the caption came from is deleted. */
export async function addFiles(
  outbox: Outbox,
  chatId: ChatId,
  caption: string,
  files: FileToSend[],
): Promise<ClientId> {
  return await addMessage(outbox, { chatId, body: cleanText(caption) }, files)
}

/** Resolves when the voice message is in the outbox. `alsoMerge` drops, in the same transaction, what it was recorded into. */
export async function addVoice(
  outbox: Outbox,
  chatId: ChatId,
  file: FileToSend,
  alsoMerge: (merge: Merge) => void,
): Promise<ClientId> {
  return await addMessage(outbox, { chatId, body: '', voice: true }, [file], alsoMerge)
}

async function addMessage(
  outbox: Outbox,
  message: Omit<Command<'files.send'>['input'], 'files'>,
  files: FileToSend[],
  alsoMerge?: (merge: Merge) => void,
): Promise<ClientId> {
  const { chatId } = message
  const attachments = files.map(({ bytes }) => ({ id: crypto.randomUUID() as string, bytes }))
  const attached = files.map(({ bytes, ...file }, index): AttachedFile => {
    return { ...file, attachmentId: attachments[index]!.id, size: bytes.size, mime: bytes.type }
  })
  return await withBytes(outbox.store, attachments, () =>
    outbox.add({ kind: 'files.send', chatId, input: { ...message, files: attached } }, async (merge) => {
      for (const attachment of attachments) await putUnlessThere(merge.tx, attachment)
      merge.tx.delete('drafts', chatId)
      alsoMerge?.(merge)
    }),
  )
}

/** The browser copies more bytes than this in seconds. */
const manyBytes = 10_000_000

/** What this tab is storing for commands that are not in the outbox yet. */
const beingStored = new WeakMap<Store, Set<string>>()

/**
 * Stores large files first, in transactions of their own: until the browser has copied the bytes of a transaction, nobody reads or writes
 * its tables, and no text could be sent.
 */
async function withBytes<T>(store: Store, attachments: Attachment[], work: () => Promise<T>): Promise<T> {
  const stored = beingStored.get(store) ?? new Set()
  beingStored.set(store, stored)
  for (const { id } of attachments) stored.add(id)
  try {
    for (const attachment of attachments) {
      if (attachment.bytes.size <= manyBytes) continue
      await store.merge(async ({ tx }) => tx.put('attachments', attachment), ['attachments'])
    }
    return await work()
  } catch (error) {
    throw isUnreadable(error) ? new AppError('file.unreadable') : error
  } finally {
    for (const { id } of attachments) stored.delete(id)
  }
}

/** Another tab may have dropped what no command needed yet. */
async function putUnlessThere(tx: Merge['tx'], attachment: Attachment): Promise<void> {
  const isThere = attachment.bytes.size > manyBytes && (await tx.get('attachments', attachment.id)) !== undefined
  if (!isThere) tx.put('attachments', attachment)
}

/** A paused upload goes on from where it was, also after the page was loaded anew. */
export async function setUploadPaused(store: Store, id: ClientId, isPaused: boolean): Promise<void> {
  await store.merge(
    async (merge) => {
      const held = await merge.tx.get('outbox', id)
      if (held?.kind !== 'files.send') return
      const { paused: _, ...command } = held
      merge.tx.put('outbox', isPaused ? { ...command, paused: true } : command)
      merge.noteCommand(held)
    },
    ['outbox'],
  )
}

/** Uploads the files of a message, and then sends it. */
export async function sendFiles(
  context: CommandContext,
  command: Command<'files.send'>,
  signal: AbortSignal,
): Promise<Rows> {
  const { chatId, body, files, voice } = command.input
  const sent: SentFile[] = []
  for (const { attachmentId, size: _size, mime: _mime, ...file } of files)
    sent.push({ contentId: await upload(context, command.id, attachmentId, signal), ...file })
  signal.throwIfAborted()
  const message = { chatId, body, clientId: command.id, files: sent, ...(voice ? { voice } : {}) }
  return { messages: [(await context.api.sendFiles(message)).message] }
}

/** Goes on where an earlier attempt, perhaps of another tab, was broken off. */
async function upload(
  { store, api, uploadProgress }: CommandContext,
  commandId: ClientId,
  id: string,
  signal: AbortSignal,
): Promise<ContentId> {
  const [attachment, command] = await store.read(
    (tx) => Promise.all([tx.get('attachments', id), tx.get('outbox', commandId)]),
    ['attachments', 'outbox'],
  )
  // The browser has dropped what it held of it: nobody can send it any more.
  if (!attachment) throw new AppError('file.not_found')
  try {
    const contentId = await api.upload({
      bytes: attachment.bytes,
      url: command?.uploadUrls?.[id] ?? null,
      signal,
      onUrl: (url) => void keepUrl(store, commandId, id, url).catch(() => undefined),
      onProgress: (sentBytes) => {
        noteUploadWait(uploadProgress, id, null)
        uploadProgress.note(id, sentBytes)
      },
    })
    uploadProgress.note(id, attachment.bytes.size)
    return contentId
  } catch (error) {
    // What has arrived is still there, so the number stays.
    noteUploadWait(uploadProgress, id, appError(error))
    throw error
  }
}

/** Takes back what has arrived of the files of a message that is not to be sent. What the server does not hear of, it deletes a day later. */
export async function dropUploads({ api }: CommandContext, { uploadUrls = {} }: Command): Promise<void> {
  await Promise.allSettled(Object.values(uploadUrls).map((url) => api.dropUpload(url)))
}

/** If it cannot be kept, the next attempt begins anew. */
async function keepUrl(store: Store, commandId: ClientId, attachmentId: string, url: string): Promise<void> {
  await store.merge(
    async ({ tx }) => {
      const held = await tx.get('outbox', commandId)
      if (held) tx.put('outbox', { ...held, uploadUrls: { ...held.uploadUrls, [attachmentId]: url } })
    },
    ['outbox'],
  )
}

/** Drops the bytes of files that no command sends any more: they were sent, or taken back, or their chat is gone. */
export async function dropUnusedAttachments(store: Store): Promise<void> {
  await store.merge(
    async ({ tx }) => {
      const files = (await tx.all('outbox')).flatMap((command) =>
        command.kind === 'files.send' ? command.input.files : [],
      )
      const used = new Set(files.map(({ attachmentId }) => attachmentId))
      const stored = beingStored.get(store)
      for (const { id } of await tx.all('attachments'))
        if (!used.has(id) && !stored?.has(id)) tx.delete('attachments', id)
    },
    ['outbox', 'attachments'],
  )
}
