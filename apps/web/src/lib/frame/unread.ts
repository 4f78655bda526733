import { createContext } from 'svelte'

/** Reactive: how many unread messages the tab's title tells of. */
export const [getUnreadTotal, setUnreadTotal, hasUnreadTotal] = createContext<() => number>()
