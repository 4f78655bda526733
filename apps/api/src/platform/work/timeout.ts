/** How long a stop waits for a Redis that may have gone before. */
export const redisCloseMs = 1_000

/** Resolves when the work is done, however it ended, or when the time is up. */
export async function waitAtMost(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  await Promise.race([work.catch(() => undefined), promise])
  clearTimeout(timer)
}
