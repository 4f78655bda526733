import type { ReconnectReason, ReconnectStep } from '@veche/shared/meetings'

/** One attempt of the reconnect ladder. The node is told of it. */
export type ReconnectAttempt = { step: ReconnectStep; reason: ReconnectReason }

/** The steps from the gentlest on: when each is tried, how long it may take, and how long the pauses between attempts are. */
export const reconnectDelays = {
  /** A new socket for the same peer: at once, then after pauses. */
  resume: { timeoutMs: 2_500, firstPauseMs: 400, longestPauseMs: 2_000 },
  /** New ICE credentials for one transport. A first connection may go over TCP and a TURN server, so it is given more time. */
  restartIce: { afterDisconnectedMs: 2_000, afterConnectingMs: 8_000, timeoutMs: 4_000 },
  /** A new transport beside the old one, when the restart has not helped in time or was refused. */
  replaceTransport: { timeoutMs: 6_000 },
  /**
   * A new ticket, perhaps for another node. As long as the old peer may still be there the timeout is short, because resuming is tried
   * in between. A node that died is usually back within seconds, so the first pauses are short. After ten minutes the seat is gone.
   */
  rejoin: {
    timeoutMs: 10_000,
    timeoutWhileResumableMs: 4_000,
    firstPauseMs: 400,
    longestPauseAtFirstMs: 1_200,
    atFirstMs: 30_000,
    longestPauseMs: 10_000,
    giveUpAfterMs: 600_000,
  },
} as const satisfies Record<ReconnectStep, Record<string, number>>
