import { createContext } from 'svelte'

/** Whether the list of keyboard shortcuts is open. Any screen may open it; the frame of the app shows it. */
export class ShortcutHelp {
  open = $state(false)
}

export const [getShortcutHelp, setShortcutHelp] = createContext<ShortcutHelp>()
