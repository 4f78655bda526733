import { createContext } from 'svelte'
import type { Call } from './call/Call.svelte.ts'

/** The call of this tab, if there is one. It lives above the routes: whoever reads a chat meanwhile stays in it. */
export class Calls {
  call = $state.raw<Call | null>(null)
  /** The tab was reloaded in a call, and is on its way back. */
  returning = $state(wasInCall())
}

export const [getCalls, setCalls] = createContext<Calls>()

function wasInCall(): boolean {
  try {
    return sessionStorage.getItem('veche-call') !== null
  } catch {
    return false
  }
}
