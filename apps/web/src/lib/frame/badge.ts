/** The number on the icon of the installed app, where the system shows one. */
export function showBadge(unread: number) {
  if (!('setAppBadge' in navigator)) return
  const shown = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()
  shown.catch(() => undefined)
}
