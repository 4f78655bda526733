import type { ChatId, ClientId, ContentId } from '@veche/shared/ids'
import { cleanText } from '@veche/shared/limits'
import type { Rows } from '@veche/shared/rows/rows'
import { AppError } from '../../api/error.ts'
import type { AttachedFile, Command } from '../../store/commands.ts'
import type { Store } from '../../store/Store.ts'
import type { Attachment } from '../../store/tables.ts'
import type { SentFile } from '../connection/live-api.ts'
import type { CommandContext } from './command-kinds.ts'
import type { Outbox } from './Outbox.ts'

export type FileToSend = { name: string; bytes: Blob; width?: number; height?: number }

/** Resolves when the files and their caption are in the outbox, and the draft that the caption came from is deleted. */
export async function addFiles(
  outbox: Outbox,
  chatId: ChatId,
  caption: string,
  files: FileToSend[],
): Promise<ClientId> {
  const attachments = files.map(({ bytes }) => ({ id: crypto.randomUUID() as string, bytes, uploadUrl: null }))
  const attached = files.map(({ bytes, ...file }, index): AttachedFile => {
    return { ...file, attachmentId: attachments[index]!.id, size: bytes.size, mime: bytes.type }
  })
  const input = { chatId, body: cleanText(caption), files: attached }
  return await outbox.add({ kind: 'files.send', chatId, input }, ({ tx }) => {
    for (const attachment of attachments) tx.put('attachments', attachment)
    tx.delete('drafts', chatId)
  })
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
  const { chatId, body, files } = command.input
  const sent: SentFile[] = []
  for (const { attachmentId, name, width, height } of files) {
    const contentId = await upload(context, attachmentId, signal)
    sent.push({ contentId, name, ...(width && height ? { width, height } : {}) })
  }
  signal.throwIfAborted()
  return { messages: [(await context.api.sendFiles({ chatId, body, clientId: command.id, files: sent })).message] }
}

/** Goes on where an earlier attempt, perhaps of another tab, was broken off. */
async function upload(
  { store, api, uploadProgress }: CommandContext,
  id: string,
  signal: AbortSignal,
): Promise<ContentId> {
  const attachment = await store.read((tx) => tx.get('attachments', id), ['attachments'])
  // The browser has dropped what it held of it: nobody can send it any more.
  if (!attachment) throw new AppError('file.not_found')
  try {
    const contentId = await api.upload({
      bytes: attachment.bytes,
      url: attachment.uploadUrl,
      signal,
      onUrl: (uploadUrl) => void keep(store, { ...attachment, uploadUrl }).catch(() => undefined),
      onProgress: (sentBytes) => uploadProgress.note(id, sentBytes),
    })
    uploadProgress.note(id, attachment.bytes.size)
    return contentId
  } catch (error) {
    uploadProgress.note(id, undefined)
    throw error
  }
}

/** If it cannot be kept, the next attempt begins anew. */
async function keep(store: Store, attachment: Attachment): Promise<void> {
  await store.merge(
    async ({ tx }) => {
      if (await tx.get('attachments', attachment.id)) tx.put('attachments', attachment)
    },
    ['attachments'],
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
      for (const { id } of await tx.all('attachments')) if (!used.has(id)) tx.delete('attachments', id)
    },
    ['outbox', 'attachments'],
  )
}
