/** Every bound that both the server enforces and the screen shows. Lengths are code points after NFC and trimming. */
export const limits = {
  message: { body: 4096, counterFrom: 3600 },
  name: { min: 1, max: 64 },
  handle: { min: 3, max: 32 },
  email: 254,
  password: { min: 8, max: 128 },
  title: 100,
  device: 120,
  group: { members: 5000, addAtOnce: 100 },
  code: { digits: 6, tries: 5, minutes: 10 },
  invite: { maxUses: 1000, maxDays: 365 },
  search: 100,
  page: { history: 100, members: 100, people: 100, chats: 200, meetings: 50 },
  sync: { scopes: 2000, rows: 500, gap: 2000, stateRows: 500 },
  unreadCap: 999,
  clientIdDays: 90,
  /** Above this many members ticks say "read by someone" and positions are not told one by one. */
  positionsUpTo: 100,
  frameBytes: 1_000_000,
  typingSeconds: 6,
  meeting: {
    seats: 100,
    /** Others see "away" this long after the last sign of life, and an empty seat after `seatMinutes`. */
    awaySeconds: 5,
    seatMinutes: 10,
    /** A live meeting that nobody is in ends after this. */
    emptySeconds: 30,
    /** One that began with a link waits so long for the first to come: whoever is sent the link is not there yet. */
    awaitMinutes: 60,
    ticketSeconds: 60,
    /** A moved meeting is not moved again by choice within this; death overrides. */
    moveSeconds: 30,
    turnMinutes: 10,
    previewPeople: 5,
  },
  call: {
    /** A socket that has not joined closes after this. */
    joinSeconds: 5,
    resumeSeconds: 30,
    /** How long media of an older place lives on while the new one begins. */
    overlapSeconds: 10,
    requestSeconds: 5,
    pingSeconds: 3,
    messageBytes: 64_000,
    messagesPerSecond: 40,
    transports: 4,
    publications: 4,
    subscriptions: 400,
    tiles: 49,
    /** Incoming bits a second, by statistics: paused above, closed when it goes on. */
    bitrate: { mic: 300_000, cam: 4_000_000, screen: 6_000_000, screenSound: 400_000 },
  },
} as const

/** Text as it is stored: composed, without halves of characters and control characters, trimmed. */
export function cleanText(text: string): string {
  // Half a character cannot be stored. Line breaks and tabs are kept; other control characters would only hide something from the reader.
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '')
    .trim()
}

/** One line of text: a name or a title. Nothing in it is invisible, or turns the line around; joiners stay inside of letters and emoji. */
export function cleanLine(text: string): string {
  const seen = text.replace(/[\u00AD\u115F\u1160\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\u3164\uFEFF\uFFA0]/g, '')
  return cleanText(seen.replace(/^[\s\u200C\u200D]+|[\s\u200C\u200D]+$/g, '')).replace(/\s+/g, ' ')
}

export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
