import { type ContentId, type UserId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { DetailedError, Upload } from 'tus-js-client'
import { ORIGIN_HEADER } from '../../api/client.ts'
import { AppError } from '../../api/error.ts'
import { errorInAnswer } from './error-in-answer.ts'
import type { NewUpload } from './live-api.ts'
import { canRead } from './unreadable-file.ts'

const UPLOADS_URL = '/api/files'

/** Where there is no page, the address of the server, and the cookie that a browser would send. */
export type UploadServer = { origin: string; headers: Record<string, string> }

/** One attempt. A piece that was lost is sent again by the next one, which goes on from what the server has. */
export function uploadFile(
  { bytes, url, onUrl, onProgress, signal }: NewUpload,
  person?: UserId,
  { origin, headers }: UploadServer = { origin: '', headers: {} },
): Promise<ContentId> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${origin}${UPLOADS_URL}`,
      uploadUrl: url,
      chunkSize: limits.file.chunkBytes,
      // The outbox tries again, and keeps the address of the upload.
      retryDelays: [],
      storeFingerprintForResuming: false,
      headers: { ...ORIGIN_HEADER, ...headers, ...(person ? { 'x-veche-person': person } : {}) },
      onUploadUrlAvailable: () => upload.url && onUrl(upload.url),
      onProgress: (sentBytes) => onProgress(sentBytes),
      onError: (error) => void toAppError(error, bytes).then(reject),
      onSuccess: () => resolve(idOf(upload.url ?? '')),
    })
    signal.addEventListener(
      'abort',
      () => {
        void upload.abort()
        reject(new AppError('network.unreachable'))
      },
      { once: true },
    )
    if (signal.aborted) reject(new AppError('network.unreachable'))
    else upload.start()
  })
}

export async function dropUpload(url: string, person?: UserId): Promise<void> {
  const headers = { ...ORIGIN_HEADER, 'tus-resumable': '1.0.0', ...(person ? { 'x-veche-person': person } : {}) }
  await fetch(url, { method: 'DELETE', headers })
}

function idOf(url: string): ContentId {
  return url.split('/').at(-1) as ContentId
}

/** Browsers tell of a file that they cannot read as of a network that is gone. */
export async function toAppError(error: Error | DetailedError, bytes: Blob): Promise<AppError> {
  const answer = error instanceof DetailedError ? error.originalResponse : null
  if (answer) return errorInAnswer(answer.getBody(), answer.getStatus())
  return new AppError((await canRead(bytes).catch(() => true)) ? 'network.unreachable' : 'file.unreadable')
}
