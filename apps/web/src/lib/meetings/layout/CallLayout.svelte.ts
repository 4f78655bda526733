import type { SeatId } from '@veche/shared/ids'
import { createContext } from 'svelte'

export type LayoutKind = 'grid' | 'speaker' | 'screen'
export type PanelKind = 'chat' | 'people'

const STORAGE_KEY = 'veche.call.layout'

/** What this user chose to see of the call: which layout, which participant in large, which panel at the side. */
export class CallLayout {
  panel = $state<PanelKind | null>(null)
  gridPageIndex = $state(0)
  /** The seat of the participant whom the user chose to see large. */
  enlarged = $state<SeatId | null>(null)
  /** Stays large in the speaker layout until another participant speaks. */
  lastSpeaker = $state<SeatId | null>(null)
  /** The seat whose shared screen is large: the one shared last, unless the user went on to the next one. */
  frontScreen = $state<SeatId | null>(null)
  #preferred = $state(recallLayout())
  /** In the order in which they were shared. */
  #screens = $state.raw<SeatId[]>([])
  /** A shared screen is put in front by itself, unless the user chose something else meanwhile. */
  #screenDismissed = $state(false)

  readonly kind = $derived<LayoutKind>(
    this.#screens.length > 0 && !this.#screenDismissed && this.enlarged === null
      ? 'screen'
      : this.enlarged
        ? 'speaker'
        : this.#preferred,
  )

  choose(kind: LayoutKind) {
    this.enlarged = null
    this.gridPageIndex = 0
    this.#screenDismissed = kind !== 'screen'
    if (kind === 'screen') return
    this.#preferred = kind
    rememberLayout(kind)
  }

  get severalScreens(): boolean {
    return this.#screens.length > 1
  }

  /** Which screens are shared now, in any order. After a time without any, a shared screen is put in front again. */
  setScreens(seatIds: SeatId[]) {
    const before = this.#screens
    const kept = before.filter((seatId) => seatIds.includes(seatId))
    const added = seatIds.filter((seatId) => !before.includes(seatId))
    this.#screens = [...kept, ...added]
    const isFrontShared = kept.some((seatId) => seatId === this.frontScreen)
    if (added.length > 0 || !isFrontShared) this.frontScreen = this.#screens.at(-1) ?? null
    if (before.length === 0) this.#screenDismissed = false
  }

  showNextScreen() {
    const next = this.#screens.findIndex((seatId) => seatId === this.frontScreen) + 1
    this.frontScreen = this.#screens[next % this.#screens.length] ?? null
  }

  enlarge(seatId: SeatId | null) {
    this.enlarged = seatId
    if (seatId) this.#screenDismissed = true
  }

  togglePanel(panel: PanelKind) {
    this.panel = this.panel === panel ? null : panel
  }
}

export const [getCallLayout, setCallLayout] = createContext<CallLayout>()

function recallLayout(): 'grid' | 'speaker' {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'speaker' ? 'speaker' : 'grid'
  } catch {
    return 'grid'
  }
}

function rememberLayout(kind: 'grid' | 'speaker') {
  try {
    localStorage.setItem(STORAGE_KEY, kind)
  } catch {
    // Without storage the next call starts with the grid.
  }
}
