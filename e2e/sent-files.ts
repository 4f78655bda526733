import { type ChatId, type ClientId, type ContentId, newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { type Account, sessionCookieName } from './installation/accounts.ts'
import type { Installation } from './installation/Installation.ts'

export type SentFile = { name: string; bytes: Buffer; width?: number; height?: number; durationMs?: number }

/** Uploads files and sends them as one message, as the app does. */
export async function sendFiles(
  installation: Installation,
  who: Account,
  given: { chatId: ChatId; body?: string; files: SentFile[]; voice?: boolean },
): Promise<MessageRow> {
  const { chatId, body = '', files, voice = false } = given
  const uploads = files.map(async ({ bytes, ...about }) => ({
    contentId: await upload(installation, who, bytes),
    ...about,
  }))
  const sent = { chatId, clientId: newId<ClientId>(), body, files: await Promise.all(uploads), voice }
  return (await who.api.files.send.mutate(sent)).message
}

async function upload(installation: Installation, who: Account, bytes: Buffer): Promise<ContentId> {
  const { apiUrl: url } = installation
  const cookie = `${sessionCookieName(installation)}=${who.cookie()}`
  const headers = { cookie, 'x-veche': '1', 'tus-resumable': '1.0.0' }
  const begun = await fetch(`${url}/api/files`, {
    method: 'POST',
    headers: { ...headers, 'upload-length': String(bytes.length) },
  })
  const path = begun.headers.get('location') ?? ''
  const piece = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
  const done = await fetch(`${url}${path}`, {
    method: 'PATCH',
    headers: { ...headers, ...piece },
    body: new Uint8Array(bytes),
  })
  if (done.status !== 204) throw new Error(`the upload was answered with ${done.status}`)
  return path.split('/').at(-1) as ContentId
}
