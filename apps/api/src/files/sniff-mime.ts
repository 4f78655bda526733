import { fileTypeFromBuffer } from 'file-type'

/** What tells one type from another stands in the first bytes. */
export const headBytes = 65_536

/** What the bytes of a file are, by the first of them, whatever its name says. */
export async function sniffMime(head: Buffer): Promise<string> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined)
  return found?.mime ?? (isText(head) ? 'text/plain' : 'application/octet-stream')
}

function isText(head: Buffer): boolean {
  if (head.includes(0)) return false
  try {
    // The end of the head may cut a character in two, which `stream` allows.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return head.length > 0
  } catch {
    return false
  }
}
