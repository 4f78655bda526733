import { assets, immutable } from '$app/manifest'
import { version } from '$app/env'
import { self } from '$app/service-worker'
import { clientsClaim } from 'workbox-core'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { keepShared, SHARE_PATH } from '#lib/files/share/shared-inbox.ts'
import { answerAvatar, isAvatar } from './avatars.ts'
import { openNotification, showPush } from './notifications.ts'

/** The one page of the app. It opens every address, also offline. */
const SHELL = '/200.html'
/** Addresses that the server answers itself. Of these only avatars are cached. */
const SERVED = [/^\/api(\/|$)/, /^\/dev\//, /^\/livez$/, /^\/readyz$/, /^\/metrics$/, /^\/sfu(\/|$)/]
/** Files for app stores and launchers only. */
const NOT_NEEDED = /\/(screenshots|icons\/(maskable|monochrome))|robots\.txt$/

const built = immutable.map(({ path }) => ({ url: absolute(path), revision: null }))
const kept = assets
  .filter(({ path }) => !NOT_NEEDED.test(path))
  .map(({ path }) => ({ url: absolute(path), revision: version }))

precacheAndRoute([{ url: SHELL, revision: version }, ...built, ...kept])
cleanupOutdatedCaches()
registerRoute(new NavigationRoute(createHandlerBoundToURL(SHELL), { denylist: SERVED }))
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && isAvatar(url),
  ({ request, event }) => answerAvatar(request, (work) => event.waitUntil(work)),
)
clientsClaim()

// Another app shares something: the page of the same address asks for the chat.
registerRoute(
  ({ url }) => url.origin === self.location.origin && url.pathname === SHARE_PATH,
  async ({ request }) => {
    await request
      .formData()
      .then(keepShared)
      .catch(() => undefined)
    return Response.redirect(SHARE_PATH, 303)
  },
  'POST',
)

// A new version waits until the person asks for it.
self.addEventListener('message', (event) => {
  if (event.data?.type === 'SKIP_WAITING') void self.skipWaiting()
})

self.addEventListener('push', (event) => event.waitUntil(showPush(self, event.data)))
self.addEventListener('notificationclick', (event) => event.waitUntil(openNotification(self, event.notification)))

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
