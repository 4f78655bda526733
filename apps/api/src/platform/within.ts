/** How long a stop waits for a Redis that may have gone before. */
export const goodbye = 1_000

/** Resolves when the work is done or the time is up, whichever comes first. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work.catch(() => undefined), promise])
  clearTimeout(timer)
}
