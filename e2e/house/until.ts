import { setTimeout as pause } from 'node:timers/promises'

/** Asks again and again until there is an answer that holds. */
export async function until<T>(ask: () => Promise<T> | T, what: string, patience = 20_000): Promise<NonNullable<T>> {
  const end = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`it did not come to pass in ${patience} ms that ${what}`)
    await pause(30)
  }
}
