/** The bounds that the server enforces and the screen shows. Lengths are code points after NFC and trimming. */
export const limits = {
  message: { body: 4096, counterFrom: 3600 },
  /**
   * `inMessage`: so many files one message holds. `chunkBytes`: so much one request of an upload brings at most. `unsent`: so many uploads a
   * person has that no message holds yet. `warnFrom`: this part of a limit of bytes. `waveform`: in bytes.
   */
  file: {
    name: 255,
    inMessage: 10,
    chunkBytes: 8_000_000,
    unsent: 1000,
    warnFrom: 0.8,
    side: 65_535,
    durationMs: 86_400_000,
    waveform: 100,
  },
  name: { min: 1, max: 64 },
  handle: { min: 3, max: 32 },
  email: 254,
  password: { min: 8, max: 128 },
  title: 100,
  /** `addedPerDay`: by one person who is no administrator, to all groups together. */
  group: { members: 5000, maxAdded: 100, addedPerDay: 1000 },
  code: { digits: 6, tries: 5, minutes: 10 },
  /** Calls in one request. */
  batch: 20,
  page: { history: 100, gallery: 100, members: 100, people: 100, chats: 200, meetings: 50 },
  unreadCap: 999,
  typingSeconds: 6,
  /** In larger chats nobody is told who types. */
  typingUpTo: 100,
} as const

/** Composing takes a time that grows with the square of a run of marks, and no word of any language has so many of them. */
const tooManyMarks = /(\p{M}{10})\p{M}+/gu

/** The same text may come in other code points from another keyboard. */
export function composed(text: string): string {
  return text.replace(tooManyMarks, '$1').normalize('NFC')
}

/** Text as it is stored: composed, trimmed, without halves of characters and control characters. */
export function cleanText(text: string): string {
  // Postgres cannot store half a character. Line breaks and tabs are kept; other control characters only hide something from the reader.
  return composed(text.toWellFormed())
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '')
    .trim()
}

const invisible =
  /[\u00AD\u115F\u1160\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\u2800\u3164\uFEFF\uFFA0]|\u034F|\u061C|\u17B4|\u17B5|[\u180B-\u180F]|[\u{1D173}-\u{1D17A}]|[\u{E0000}-\u{E0FFF}]/gu

/** One line of text, for names and titles. Characters that are invisible or change the direction are removed; joiners stay inside of words. */
export function cleanLine(text: string): string {
  const visible = text.replace(invisible, '')
  return cleanText(visible.replace(/^[\s\u200C\u200D]+|[\s\u200C\u200D]+$/g, '')).replace(/\s+/g, ' ')
}

export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
