import { setTimeout as wait } from 'node:timers/promises'

/** Asks again until there is an answer, whatever it is: the way there is cut all the time, and this is not what is under test. */
export async function insist<T>(ask: () => Promise<T>, isAnswer: (error: unknown) => boolean, patience = 60_000) {
  const end = Date.now() + patience
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (isAnswer(error)) return undefined
      if (Date.now() > end) throw error
      await wait(100)
    }
  }
}
