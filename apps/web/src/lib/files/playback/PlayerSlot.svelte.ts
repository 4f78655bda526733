import { createContext } from 'svelte'
import type { Player } from './open-player.ts'

/** Where the player of this tab is, once a sound is shown: its code is loaded then. */
export class PlayerSlot {
  current = $state.raw<Player | null>(null)
}

export const [getPlayerSlot, setPlayerSlot] = createContext<PlayerSlot>()
