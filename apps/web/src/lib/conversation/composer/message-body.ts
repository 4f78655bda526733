import { cleanText, codePoints, limits } from '@veche/shared/limits'

export type Body = {
  /** As it would be sent. */
  text: string
  /** How many more would fit, near the end; null while there is plenty of room. */
  left: number | null
  sendable: boolean
}

/** What is in the composer, measured as the server measures it. */
export function bodyOf(typed: string): Body {
  const text = cleanText(typed)
  // Nobody counts a text that is short in any measure.
  const count = text.length < limits.message.counterFrom ? 0 : codePoints(text)
  const left = count >= limits.message.counterFrom ? limits.message.body - count : null
  return { text, left, sendable: text.length > 0 && (left === null || left >= 0) }
}
