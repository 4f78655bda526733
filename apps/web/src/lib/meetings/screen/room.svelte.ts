import type { SeatId } from '@veche/shared/ids'
import { createContext } from 'svelte'

export type Layout = 'grid' | 'speaker' | 'screen'
export type Panel = 'chat' | 'people'

const KEY = 'veche.call.layout'

/** How one looks at the call: what is large, what stands at the side. */
export class Room {
  panel = $state<Panel | null>(null)
  page = $state(0)
  /** Somebody chosen to be seen large. */
  large = $state<SeatId | null>(null)
  #preferred = $state<'grid' | 'speaker'>(kept())
  /** A shared screen is put in front by itself, unless one has turned away from it. */
  #turnedAway = $state(false)
  #sharing = $state(false)

  readonly layout = $derived<Layout>(
    this.#sharing && !this.#turnedAway && this.large === null ? 'screen' : this.large ? 'speaker' : this.#preferred,
  )

  choose(layout: Layout) {
    this.large = null
    this.page = 0
    this.#turnedAway = layout !== 'screen'
    if (layout === 'screen') return
    this.#preferred = layout
    keep(layout)
  }

  /** A new share is looked at again. */
  follow(sharing: boolean) {
    if (sharing === this.#sharing) return
    this.#sharing = sharing
    this.#turnedAway = false
  }

  enlarge(key: SeatId | null) {
    this.large = key
    if (key) this.#turnedAway = true
  }

  toggle(panel: Panel) {
    this.panel = this.panel === panel ? null : panel
  }
}

export const [getRoom, setRoom] = createContext<Room>()

function kept(): 'grid' | 'speaker' {
  try {
    return localStorage.getItem(KEY) === 'speaker' ? 'speaker' : 'grid'
  } catch {
    return 'grid'
  }
}

function keep(layout: 'grid' | 'speaker') {
  try {
    localStorage.setItem(KEY, layout)
  } catch {
    // Next time it begins as a grid.
  }
}
