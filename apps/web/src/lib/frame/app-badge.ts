/** Shows the unread number on the icon of the installed app, where the system can. */
export function showAppBadge(unread: number) {
  if (!('setAppBadge' in navigator)) return
  const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()
  done.catch(() => undefined)
}
