import { ERRORS, type Lock, type Locker, type RequestRelease } from '@tus/server'

type Held = { askForRelease: RequestRelease; released: Promise<void> }

/**
 * Requests of the same upload come one after the other: a newer one ends an older one, whose sender is most often gone. Whoever waits
 * costs nothing; the locker of `@tus/server` asks again in each turn of the event loop.
 */
export class UploadLocker implements Locker {
  readonly #held = new Map<string, Held>()

  newLock(id: string): Lock {
    const { promise: released, resolve } = Promise.withResolvers<void>()
    return {
      lock: async (signal, askForRelease) => {
        for (let held = this.#held.get(id); held; held = this.#held.get(id)) {
          await held.askForRelease()
          await untilReleased(held, signal)
        }
        this.#held.set(id, { askForRelease, released })
      },
      unlock: () => {
        this.#held.delete(id)
        resolve()
        return Promise.resolve()
      },
    }
  }
}

/** The one that is asked to end does so within seconds, whatever its sender does. */
const maxWaitMs = 30_000

async function untilReleased({ released }: Held, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(maxWaitMs)])
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const refuse = () => reject(ERRORS.ERR_LOCK_TIMEOUT as unknown as Error)
  if (late.aborted) refuse()
  late.addEventListener('abort', refuse, { once: true })
  try {
    await Promise.race([released, tooLate])
  } finally {
    late.removeEventListener('abort', refuse)
  }
}
