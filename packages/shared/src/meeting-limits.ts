/** Browsers know these two; the others are held by the server and the media node. */
export const turnMinutes = 10
export const maxTiles = 49

/** Of meetings. They are apart from the other limits, because a browser needs them in a meeting only. */
export const meetingLimits = {
  seats: 100,
  /** A seat is `away` this long after its node last named it, and `left` after `seatMinutes` more. */
  awaySeconds: 5,
  seatMinutes: 10,
  /** An empty meeting ends after this. */
  emptySeconds: 30,
  /** A meeting that began with a link waits longer for its first participant: the people who get the link are not there yet. */
  awaitMinutes: 60,
  ticketSeconds: 60,
  /** A meeting is not moved again within this, unless its node is dead. */
  moveSeconds: 30,
  previewPeople: 5,
} as const

/** Of what a browser and a media node send each other. */
export const callLimits = {
  /** A socket that has not joined is closed after this. */
  joinSeconds: 5,
  resumeSeconds: 30,
  /** How long the media of an older connection go on while the new one begins. */
  overlapSeconds: 10,
  requestSeconds: 5,
  pingSeconds: 3,
  messageBytes: 64_000,
  messagesPerSecond: 40,
  transports: 4,
  publications: 4,
  subscriptions: 400,
  /** Bits per second that a node receives: a publication above is paused, and closed when it goes on. */
  bitrate: { mic: 300_000, cam: 4_000_000, screen: 6_000_000, screenSound: 400_000 },
} as const
