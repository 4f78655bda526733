/** `local` is kept in the browser, `session` in the tab. */
export type StorageKind = 'local' | 'session'

/** Null also when the browser gives no access to its storage, as with cookies blocked. */
export function readStored(key: string, kind: StorageKind = 'local'): string | null {
  try {
    return storageOf(kind).getItem(key)
  } catch {
    return null
  }
}

/** False when nothing could be stored. The app works all the same; it only forgets. */
export function writeStored(key: string, value: string, kind: StorageKind = 'local'): boolean {
  try {
    storageOf(kind).setItem(key, value)
    return true
  } catch {
    return false
  }
}

export function removeStored(key: string, kind: StorageKind = 'local'): void {
  try {
    storageOf(kind).removeItem(key)
  } catch {
    // Without access nothing was stored.
  }
}

function storageOf(kind: StorageKind): Storage {
  return kind === 'local' ? localStorage : sessionStorage
}
