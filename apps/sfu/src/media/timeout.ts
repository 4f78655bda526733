import { limits } from '@veche/shared/limits'
import type { Deps } from '../deps.ts'
import { CallError, fromMedia } from '../errors.ts'

/**
 * Every question to a media worker goes through here: the library waits for an answer without end, a caller must not. What is made
 * after nobody waits for it any more is handed to `undo`.
 */
export function within<T>(deps: Deps, work: Promise<T>, undo?: (late: T) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let late = false
    const stop = deps.clock.after(limits.call.requestSeconds * 1000, () => {
      late = true
      deps.metrics.timeouts.inc()
      reject(new CallError('call.timeout'))
    })
    work.then(
      (value) => {
        stop()
        if (late) undo?.(value)
        else resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(fromMedia(error))
      },
    )
  })
}
