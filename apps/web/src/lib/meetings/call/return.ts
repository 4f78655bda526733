import { type ChatId, type MeetingId, newId, type TabId } from '@veche/shared/ids'

export type CallToReturnTo = {
  meetingId: MeetingId
  chatId: ChatId
  code: string | null
  mic: boolean
  cam: boolean
}
type Kept = CallToReturnTo & { at: number }

const TAB = 'veche-tab'
const CALL = 'veche-call'
/** As long as a seat is kept. */
const SEAT_MS = 600_000
/** The page before may still be going when the next one asks. */
const PATIENCE_MS = 1_000

let tab: Promise<TabId> | undefined

/** The name of this tab: kept over a reload, but not shared with a copy of the tab. */
export function thisTab(): Promise<TabId> {
  return (tab ??= nameTab())
}

/** The call that this tab was in when it was reloaded. */
export async function callToReturnTo(): Promise<CallToReturnTo | null> {
  await thisTab()
  const kept = read()
  if (!kept || Date.now() - kept.at > SEAT_MS) return null
  const { at: _, ...call } = kept
  return call
}

export function rememberCall(call: CallToReturnTo): void {
  try {
    sessionStorage.setItem(CALL, JSON.stringify({ ...call, at: Date.now() } satisfies Kept))
  } catch {
    // Then a reload ends the call.
  }
}

export function forgetCall(): void {
  try {
    sessionStorage.removeItem(CALL)
  } catch {
    // Nothing is kept where nothing can be.
  }
}

async function nameTab(): Promise<TabId> {
  const kept = recallTab()
  if (kept && (await holdTab(kept))) return kept
  const fresh = newId<TabId>()
  try {
    sessionStorage.setItem(TAB, fresh)
  } catch {
    return fresh
  }
  if (kept) forgetCall()
  await holdTab(fresh)
  return fresh
}

function recallTab(): TabId | null {
  try {
    return sessionStorage.getItem(TAB) as TabId | null
  } catch {
    return null
  }
}

/** False when another tab goes by this name: this one is its copy. */
function holdTab(name: TabId): Promise<boolean> {
  if (!('locks' in navigator)) return Promise.resolve(true)
  return new Promise((resolve) => {
    const forever = () => {
      resolve(true)
      return new Promise<never>(() => undefined)
    }
    navigator.locks
      .request(`veche-tab-${name}`, { signal: AbortSignal.timeout(PATIENCE_MS) }, forever)
      .catch(() => resolve(false))
  })
}

function read(): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(CALL) ?? 'null') as Kept | null
  } catch {
    return null
  }
}
