import { createContext } from 'svelte'
import type { Session } from '#lib/session/session.svelte.ts'
import type { Call, CallOptions } from './call/Call.svelte.ts'
import type { RouterDevice } from './call/connection/router-device.ts'
import { RejoinRecord } from './call/RejoinRecord.ts'

/** What the active call gives to every call that it opens. */
type SharedOptions = Pick<CallOptions, 'me' | 'rejoinRecord'>

/** The call of this tab, if there is one. It outlives its page: the user may read a chat and stay in the call. */
export class ActiveCall {
  /** Stays here after its end, until the reason has been shown. */
  current = $state.raw<Call | null>(null)
  readonly rejoinRecord = new RejoinRecord()
  /** See `routerDeviceOf`. */
  routerDevice: RouterDevice | null = null
  /** The tab was reloaded in a call and is on its way back to it. */
  returning = $state(this.rejoinRecord.exists)
  readonly #session: Session
  #isOver = false

  constructor(session: Session) {
    this.#session = session
  }

  /** The call while it goes on. */
  get ongoing(): Call | null {
    return this.current?.phase === 'ended' ? null : this.current
  }

  /** Leaves the call of this tab, and then opens another one: leaving clears the rejoin record, which the new call writes. */
  enter(open: (shared: SharedOptions) => Call): void {
    const user = this.#session.me?.user
    if (!user || this.#isOver) return
    this.ongoing?.leave()
    const me = { userId: user.id, name: user.name }
    this.current = open({ me, rejoinRecord: this.rejoinRecord })
  }

  /** Goes back by `openAgain` to the call that the tab was in, if it was in one. */
  async returnAfterReload(openAgain: () => Promise<void>): Promise<void> {
    if (!this.returning) return
    // If the code cannot be loaded, the page of the call offers to join.
    await openAgain().catch(() => undefined)
    this.returning = false
  }

  /** The session is over: the call is left, and none is opened any more. */
  end(): void {
    this.#isOver = true
    this.current?.leave()
    this.current = null
    this.rejoinRecord.release()
  }
}

export const [getActiveCall, setActiveCall] = createContext<ActiveCall>()
