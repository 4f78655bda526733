import { type ChatId, type MeetingId, newId, type TabId } from '@veche/shared/ids'
import { readStored, removeStored, writeStored } from '#lib/browser/storage.ts'

export type RejoinableCall = {
  meetingId: MeetingId
  chatId: ChatId
  code: string | null
  audio: boolean
  mic: boolean
  cam: boolean
}
type SavedCall = RejoinableCall & { at: number }

const TAB_KEY = 'veche-tab'
const CALL_KEY = 'veche-call'
/** A seat is kept for ten minutes after its tab has gone. */
const SEAT_KEPT_MS = 600_000
/** During a reload the page before may hold the lock for a moment longer. */
const LOCK_TIMEOUT_MS = 1_000

/**
 * Lets a tab come back to its call after a reload: the id of the tab and the call it was in, in the session storage. One exists for each
 * sign-in, and holds the lock on the id.
 */
export class RejoinRecord {
  readonly #released = Promise.withResolvers<void>()
  #tab: Promise<TabId> | undefined

  /** Whether a call was saved in this tab. Answered at once, before it is known if the tab is a copy of another. */
  get exists(): boolean {
    return readStored(CALL_KEY, 'session') !== null
  }

  /** The id of this tab: the same after a reload, and another one in a copy of the tab. */
  tab(): Promise<TabId> {
    return (this.#tab ??= this.#claimTab())
  }

  /** The call that this tab was in when it was reloaded. */
  async load(): Promise<RejoinableCall | null> {
    await this.tab()
    const saved = parse(readStored(CALL_KEY, 'session'))
    if (!saved || Date.now() - saved.at > SEAT_KEPT_MS) return null
    const { at: _, ...call } = saved
    return call
  }

  /** Where nothing can be saved, a reload ends the call. */
  save(call: RejoinableCall): void {
    writeStored(CALL_KEY, JSON.stringify({ ...call, at: Date.now() } satisfies SavedCall), 'session')
  }

  clear(): void {
    removeStored(CALL_KEY, 'session')
  }

  /** Frees the id for the next person who signs in in this tab. */
  release(): void {
    this.#released.resolve()
  }

  async #claimTab(): Promise<TabId> {
    const saved = readStored(TAB_KEY, 'session') as TabId | null
    if (saved && (await lockTab(saved, this.#released.promise))) return saved
    const tab = newId<TabId>()
    if (!writeStored(TAB_KEY, tab, 'session')) return tab
    // This tab is a copy: the saved call belongs to the other tab.
    if (saved) this.clear()
    await lockTab(tab, this.#released.promise)
    return tab
  }
}

/** Holds the lock until it is released, or the page ends. False when another tab has this id. */
function lockTab(tab: TabId, released: Promise<void>): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true)
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true)
      return released
    }
    navigator.locks
      .request(`veche-tab-${tab}`, { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) }, hold)
      .catch(() => resolve(false))
  })
}

function parse(text: string | null): SavedCall | null {
  try {
    return JSON.parse(text ?? 'null') as SavedCall | null
  } catch {
    return null
  }
}
