import { assets, immutable } from '$app/manifest'
import { version } from '$app/env'
import { self } from '$app/service-worker'
import { clientsClaim } from 'workbox-core'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { keepShared, SHARE_PATH } from '#lib/files/share/shared-inbox.ts'
import type { KeptFilesMessage } from '#lib/files/kept/commands.ts'
import { FILE_PATH, FileAnswers } from './FileAnswers.ts'
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

const files = new FileAnswers({
  caches: self.caches,
  fetch: (request) => self.fetch(request),
  now: () => Date.now(),
  after: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
})
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && FILE_PATH.test(url.pathname),
  async ({ event, request }) => {
    const { answer, done } = await files.answer(request)
    event.waitUntil(done)
    return answer
  },
)

// A new version waits until the person asks for it.
self.addEventListener('message', (event) => {
  if (event.data?.type === 'SKIP_WAITING') void self.skipWaiting()
  if (event.data?.type === 'KEPT_FILES') event.waitUntil(obey(event.data, event.ports[0]))
})

async function obey({ command }: KeptFilesMessage, port?: MessagePort): Promise<void> {
  port?.postMessage(await files.obey(command))
}

self.addEventListener('push', (event) => event.waitUntil(showPush(self, event.data)))
self.addEventListener('notificationclick', (event) => event.waitUntil(openNotification(self, event.notification)))

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
