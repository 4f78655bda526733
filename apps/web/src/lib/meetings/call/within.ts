import { AppError } from '#lib/api/error.ts'
import type { Environment } from '#lib/live/environment.ts'

/** Gives an act so long, and no longer than until `stopped`; then it is over with a timeout, and its signal says so. */
export async function within(
  { environment, ms, stopped }: { environment: Environment; ms: number; stopped: AbortSignal },
  act: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController()
  const cancel = environment.after(ms, () => late.abort())
  const signal = AbortSignal.any([late.signal, stopped])
  try {
    await Promise.race([act(signal), aborted(signal)])
  } finally {
    cancel()
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(new AppError('network.timeout'))
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
}
