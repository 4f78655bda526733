/** Bounds that the server enforces and no first screen needs to know. They are apart, because every byte of a first load is counted. */
export const serverLimits = {
  device: 120,
  invite: { maxUses: 1000, maxDays: 365 },
  search: 100,
  /**
   * `textBytes`: a page of a scope ends before its texts are longer than this together. `streams`: tabs and devices of a person, in one
   * process.
   */
  sync: { scopes: 2000, rows: 500, textBytes: 300_000, gap: 2000, stateRows: 500, streams: 50 },
  clientIdDays: 90,
  /** In larger chats read positions are not sent one by one, and ticks say "read by someone". */
  positionsUpTo: 100,
  /** What a socket may keep of what its reader has not taken. */
  unsentBytes: 1_000_000,
  /** A page of history ends before its texts are longer than this together. */
  historyBytes: 300_000,
  /** Of a push: browsers take four kilobytes, and cut what they cannot show. */
  push: { title: 200, body: 1000, path: 300, tag: 100 },
} as const
