import { AppError } from '#lib/api/error.ts'
import { canRead, isUnreadable } from '#lib/live/connection/unreadable-file.ts'
import { cleanLine, limits } from '@veche/shared/limits'

/** Does something with a picked file. One that was changed or removed on the device since then is refused. */
export async function readPicked<T>(file: File, work: (file: File) => Promise<T>): Promise<T> {
  if (!(await canRead(file))) throw new AppError('file.unreadable')
  try {
    return await work(file)
  } catch (error) {
    throw isUnreadable(error) ? new AppError('file.unreadable') : error
  }
}

/** A name that the server takes: some systems allow names that are too long, or that nobody can see. */
export function sendableName(name: string): string {
  const characters = [...cleanLine(name)]
  if (characters.length === 0) return 'file'
  if (characters.length <= limits.file.name) return characters.join('')
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(characters.join(''))?.[0] ?? ''
  return characters.slice(0, limits.file.name - [...ending].length).join('') + ending
}

/** Refuses files that the browser would have no room for: a database that is full would keep nothing of the chats either. */
export async function requireDeviceRoom(
  files: { bytes: Blob }[],
  storage: Pick<StorageManager, 'estimate'> | undefined,
) {
  const size = files.reduce((sum, { bytes }) => sum + bytes.size, 0)
  const { quota, usage = 0 } = (await storage?.estimate().catch(() => undefined)) ?? {}
  if (quota !== undefined && usage + size * 1.05 > quota) throw new AppError('file.device_full')
}
