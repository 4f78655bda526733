import { setTimeout as pause } from 'node:timers/promises'
import { eventTimeoutMs } from '../ops/test/time-limits.ts'

/** Asks again and again until there is an answer that is true, and returns it. */
export async function until<T>(ask: () => Promise<T> | T, what: string): Promise<NonNullable<T>> {
  const end = performance.now() + eventTimeoutMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`Waited ${eventTimeoutMs} ms in vain: ${what}`)
    await pause(30)
  }
}
