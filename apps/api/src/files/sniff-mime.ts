import { open } from 'node:fs/promises'
import { fileTypeFromBuffer } from 'file-type'

/** What tells one type from another stands in the first bytes. */
const headBytes = 65_536

/** What the bytes of a file are, whatever its name says. */
export async function sniffMime(path: string): Promise<string> {
  const head = await readHead(path)
  const found = await fileTypeFromBuffer(head).catch(() => undefined)
  return found?.mime ?? (isText(head) ? 'text/plain' : 'application/octet-stream')
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
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
