import { createContext, untrack } from 'svelte'
import type { AppError } from './error.ts'

/** Whether the live stream is there: without one nothing tells that the server is back. It is reactive. */
type Reachability = { readonly isOnline: boolean }

const [getReachability, setReachability] = createContext<Reachability>()
export { setReachability }

/**
 * The error, until the connection comes back: an error that only the lost connection has caused is out of date then. Call it during the
 * set-up of a component.
 */
export function errorUntilOnline(errorOf: () => AppError | null): { readonly current: AppError | null } {
  const server = getReachability()
  let outdated = $state.raw<AppError | null>(null)
  let wasOnline = server.isOnline
  $effect(() => {
    const isBack = server.isOnline && !wasOnline
    wasOnline = server.isOnline
    const error = untrack(errorOf)
    if (isBack && error?.isTemporary) outdated = error
  })
  return {
    get current() {
      const error = errorOf()
      return error === outdated ? null : error
    },
  }
}
