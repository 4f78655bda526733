import { AppError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'

/**
 * Fails after `timeoutMs`, or when `stopped` aborts, with `network.timeout`; until then it runs `act`. The signal of `act` aborts with it.
 */
export async function withTimeout(
  { environment, timeoutMs, stopped }: { environment: Environment; timeoutMs: number; stopped: AbortSignal },
  act: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController()
  const cancel = environment.after(timeoutMs, () => late.abort())
  const signal = AbortSignal.any([late.signal, stopped])
  try {
    await Promise.race([act(signal), rejectOnAbort(signal)])
  } finally {
    cancel()
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(new AppError('network.timeout'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
