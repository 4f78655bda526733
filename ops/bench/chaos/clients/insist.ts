import { setTimeout as wait } from 'node:timers/promises'

/**
 * Retries until there is an answer, because the network is cut all the time and this call is not what is tested. An error that
 * `isAnswer` accepts is an answer too, and `undefined` is returned for it.
 */
export async function insist<T>(ask: () => Promise<T>, isAnswer: (error: unknown) => boolean, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs
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
