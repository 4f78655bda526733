import { callLimits } from '@veche/shared/meeting-limits'
import type { Deps } from '../deps.ts'
import { CallError, fromMedia } from '../errors.ts'

/**
 * Fails after five seconds without an answer, with `call.timeout`. Every request to a media worker goes through here, because mediasoup waits for an answer without end. `undo` gets what the worker
 * makes after the timeout, so that it is closed.
 */
export function withTimeout<T>(deps: Deps, request: Promise<T>, undo?: (late: T) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let late = false
    const cancel = deps.clock.after(callLimits.requestSeconds * 1000, () => {
      late = true
      deps.metrics.timeouts.inc()
      reject(new CallError('call.timeout'))
    })
    request.then(
      (value) => {
        cancel()
        if (late) undo?.(value)
        else resolve(value)
      },
      (error: unknown) => {
        cancel()
        reject(fromMedia(error))
      },
    )
  })
}
