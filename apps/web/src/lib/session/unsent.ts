import { createContext } from 'svelte'

/** Gives the number of messages that only this device has; whoever signs out is asked once when there are some. */
export type Unsent = { count(): Promise<number> }

export const [getUnsent, setUnsent, hasUnsent] = createContext<Unsent>()
