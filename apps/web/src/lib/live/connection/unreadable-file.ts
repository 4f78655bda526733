/** The browser says so when a file was changed or removed on the device after it was picked. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && ['NotReadableError', 'NotFoundError', 'DataError'].includes(error.name)
}

/** Reads a byte at the beginning and at the end. Firefox reads on in a file that was changed, and finds no end in one that is shorter now. */
export async function canRead(bytes: Blob): Promise<boolean> {
  try {
    await bytes.slice(0, 1).arrayBuffer()
    const { byteLength } = await bytes.slice(Math.max(0, bytes.size - 1)).arrayBuffer()
    return byteLength > 0 || bytes.size === 0
  } catch (error) {
    if (isUnreadable(error)) return false
    throw error
  }
}
