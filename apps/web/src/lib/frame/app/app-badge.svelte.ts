import type { Feature } from '#lib/signed-in/feature.ts'

/** The unread number on the icon of the installed app, where the system can show it. */
export const appBadgeFeature: Feature = {
  start: ({ chats }) => ({
    follow() {
      $effect(() => showAppBadge(chats.unread))
    },
    end: () => showAppBadge(0),
  }),
}

function showAppBadge(unread: number): void {
  if (!('setAppBadge' in navigator)) return
  const done = unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()
  done.catch(() => undefined)
}
