import { createContext } from 'svelte'

/** Counts the messages that only this device has. If there are some, signing out asks for confirmation. */
export type UnsentMessages = { count(): Promise<number> }

export const [getUnsentMessages, setUnsentMessages, hasUnsentMessages] = createContext<UnsentMessages>()
