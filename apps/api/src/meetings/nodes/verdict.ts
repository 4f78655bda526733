/** What is known of a node that may be dead. */
export type Evidence = {
  /** Since its last heartbeat, by the clock of the database. */
  silentMs: number
  /** For how long this process has been able to hear one: it ran, and had its database. */
  healthyMs: number
  /** Somebody who was to be there says that they cannot reach it. */
  accused: boolean
  /** Its control port, asked just now; `other` is another life of it. Null: not asked yet. */
  probe: 'alive' | 'other' | 'refused' | 'none' | null
  /** It has answered us there before, in this life: so a refusal means that nobody listens any more. */
  reached: boolean
  /** How many went silent together with it, itself included, out of how many that were there then. */
  vanished: number
  all: number
}

export const silence = 3_000
/** A heartbeat that is only a little late is no witness for anybody. */
const late = 1_500
/** So long those are spared that vanish together: for less when somebody elsewhere cannot reach them either, and never for longer
 * than a seat is kept. */
const patience = { accused: 30_000, silent: 600_000 }

/**
 * Death is declared upon evidence only, since the meetings of a node that lives would be torn in two. `ask` wants its control port
 * asked first.
 */
export function verdict(e: Evidence): 'alive' | 'ask' | 'dead' {
  if (e.probe === 'other') return 'dead'
  if (e.probe === 'alive') return 'alive'
  const silent = e.silentMs >= silence && e.healthyMs >= silence
  if (!silent && !e.accused) return 'alive'
  if (e.probe === null) return 'ask'
  // So many at once: it is we who hear nobody.
  const spared = e.silentMs < (e.accused ? patience.accused : patience.silent)
  if (e.vanished >= 2 && e.vanished * 2 > e.all && spared) return 'alive'
  return silent || isGone(e) ? 'dead' : 'alive'
}

/** It does not answer, and that means something: nobody listens any more where it did, or its heart is late and we would have heard it. */
export function isGone({ probe, reached, silentMs, healthyMs }: Evidence): boolean {
  if (probe === 'refused' && reached) return true
  return (probe === 'refused' || probe === 'none') && silentMs >= late && healthyMs >= late
}
