import { createContext } from 'svelte'

/** How much is unread: on the tab, on the app's icon and in the frame it is the same number. */
export type Badge = { readonly unread: number }

export const [getBadge, setBadge, hasBadge] = createContext<Badge>()

/** The icon of the installed app; where there is none, nothing happens. */
export function showOnIcon(unread: number) {
  if (!('setAppBadge' in navigator)) return
  const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()
  done.catch(() => undefined)
}
