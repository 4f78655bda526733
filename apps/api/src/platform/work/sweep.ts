import type { Deps } from '../../deps.ts'
import { Semaphore } from '../Semaphore.ts'
import { withAdvisoryLock } from './advisory-lock.ts'
import { type DueTable, findDueRows, tryRowInTurn, usualParallel } from './due-tables.ts'
import { waitAtMost } from './timeout.ts'

export type Timer = {
  name: string
  everyMs: number
  run: () => Promise<void>
}

const stopTimeoutMs = 8_000

/** Runs work by the clock. It needs no Redis, so it goes on while there is none. Returns a function that stops it. */
export function startTimer(deps: Deps, timer: Timer): () => Promise<void> {
  let inHand: Promise<void> | null = null
  const tick = () => {
    inHand ??= timer
      .run()
      .catch((error: unknown) => deps.log.warn({ err: error, timer: timer.name }, 'a round failed; the next one comes'))
      .finally(() => (inHand = null))
  }
  const interval = setInterval(tick, timer.everyMs)
  tick()
  return async () => {
    clearInterval(interval)
    if (inHand) await waitAtMost(stopTimeoutMs, inHand)
  }
}

/** The timer of one kind of work. Each kind has its own, so that a mail server that hangs delays mails and nothing else. */
export function sweepTimer(deps: Deps, { table, everyMs }: { table: DueTable; everyMs: number }): Timer {
  return { name: `sweep ${table.name}`, everyMs, run: () => sweepTable(deps, table) }
}

/**
 * Finds work that is due and does it. One process at a time looks for it; the claim of a row decides who does it, so no lock is held
 * while a slow mail server answers.
 */
export async function sweepTable(deps: Deps, table: DueTable): Promise<void> {
  let due: { id: string }[] = []
  await withAdvisoryLock(deps, `sweep ${table.name}`, async () => void (due = await findDueRows(deps, table)))
  const slots = new Semaphore(table.parallel ?? usualParallel)
  await Promise.all(due.map(({ id }) => slots.run(() => tryRowInTurn(deps, table, id))))
}
