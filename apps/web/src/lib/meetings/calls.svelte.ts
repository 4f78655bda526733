import { createContext } from 'svelte'
import type { Call } from './call/Call.svelte.ts'
import { RejoinRecord } from './call/RejoinRecord.ts'

/** The call of this tab, if there is one. It lives above the routes: whoever reads a chat meanwhile stays in it. */
export class Calls {
  call = $state.raw<Call | null>(null)
  readonly rejoinRecord = new RejoinRecord()
  /** The tab was reloaded in a call, and is on its way back. */
  returning = $state(this.rejoinRecord.exists)
}

export const [getCalls, setCalls] = createContext<Calls>()
