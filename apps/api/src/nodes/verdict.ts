/** What this process knows of a node that may be dead. */
export type Evidence = {
  /** Time since its last heartbeat, by the clock of the database. */
  silentMs: number
  /** For how long this process has been able to notice a heartbeat: it ran, and had its database. */
  healthyMs: number
  /** A client that has a ticket for the node says that it cannot reach it. */
  reported: boolean
  /** What its control port answered just now; `other` is another boot of the node. Null: it was not probed yet. */
  probe: 'alive' | 'other' | 'refused' | 'none' | null
  /** Its control port has answered this process before, in this boot: so a refusal means that nothing listens there any more. */
  answeredBefore: boolean
  /** How many nodes fell silent at about the same time, this one included. */
  silentTogether: number
  /** How many nodes were alive at that time. */
  aliveNodes: number
}

export const silenceMs = 3_000
/** A heartbeat that is late by less than this supports no suspicion. */
const lateMs = 1_500
/**
 * Nodes that fall silent together are not marked dead for this long. The time is shorter when a client cannot reach them either, and it
 * is never longer than a seat is kept.
 */
const sparedMs = { reported: 30_000, unreported: 600_000 }

/**
 * Decides whether a node is dead. It needs evidence, because the meetings of a node that is wrongly marked dead would run on two nodes.
 * `probe` means that its control port has to be asked first.
 */
export function assessNode(evidence: Evidence): 'alive' | 'probe' | 'dead' {
  const { silentMs, healthyMs, reported, probe, silentTogether, aliveNodes } = evidence
  if (probe === 'other') return 'dead'
  if (probe === 'alive') return 'alive'
  const isSilent = silentMs >= silenceMs && healthyMs >= silenceMs
  if (!isSilent && !reported) return 'alive'
  if (probe === null) return 'probe'
  // When most nodes fall silent at once, the fault is more likely on the side of this process.
  const isSpared = silentMs < (reported ? sparedMs.reported : sparedMs.unreported)
  if (silentTogether >= 2 && silentTogether * 2 > aliveNodes && isSpared) return 'alive'
  return isSilent || isGone(evidence) ? 'dead' : 'alive'
}

/**
 * The node does not answer, and that counts: either nothing listens any more where it did, or its heartbeat is late and this process
 * would have noticed one.
 */
export function isGone({ probe, answeredBefore, silentMs, healthyMs }: Evidence): boolean {
  if (probe === 'refused' && answeredBefore) return true
  return (probe === 'refused' || probe === 'none') && silentMs >= lateMs && healthyMs >= lateMs
}
