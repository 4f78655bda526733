import { cleanText, codePoints, limits } from '@veche/shared/limits'

export type MessageBody = {
  /** The text as it is sent. */
  text: string
  /** How many more code points fit; null while the text is far from the limit, negative above it. */
  remaining: number | null
  sendable: boolean
}

/** Cleans and measures a typed text in the same way as the server. */
export function measureBody(typed: string): MessageBody {
  const text = cleanText(typed)
  // Counting code points is slow, and a text that is short in UTF-16 is short in code points too.
  const count = text.length < limits.message.counterFrom ? 0 : codePoints(text)
  const remaining = count >= limits.message.counterFrom ? limits.message.body - count : null
  return { text, remaining, sendable: text.length > 0 && (remaining === null || remaining >= 0) }
}
