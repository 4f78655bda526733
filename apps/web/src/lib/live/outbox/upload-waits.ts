import type { AppError } from '../../api/error.ts'
import type { UploadProgress } from './UploadProgress.ts'

/** Uploads that wait for room on the server, by attachment. They are tried again until there is room. */
const waits = new WeakMap<UploadProgress, Map<string, AppError>>()

/** Note it before the progress, which tells that something has changed. */
export function noteUploadWait(progress: UploadProgress, attachmentId: string, error: AppError | null): void {
  const ofClient = waits.get(progress) ?? new Map<string, AppError>()
  waits.set(progress, ofClient)
  if (error?.code === 'file.disk_full' || error?.code === 'file.storage_full') ofClient.set(attachmentId, error)
  else ofClient.delete(attachmentId)
}

/** Why an upload does not go on, if the server has said so. */
export function uploadWait(progress: UploadProgress, attachmentId: string): AppError | null {
  return waits.get(progress)?.get(attachmentId) ?? null
}
