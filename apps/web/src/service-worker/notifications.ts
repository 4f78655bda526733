import { pushPayload } from '@veche/shared/schemas/push'
import { readWorkerLocale } from '#lib/push/worker-locale.ts'
import { notifications as english } from '../../messages/en.json'
import { notifications as russian } from '../../messages/ru.json'

/** What the handlers need of the service worker. */
export type WorkerScope = {
  location: { origin: string }
  navigator: { languages: readonly string[] }
  registration: Pick<ServiceWorkerRegistration, 'showNotification'>
  clients: Pick<Clients, 'matchAll' | 'openWindow'>
}
type PushData = { json: () => unknown } | null

const texts: Record<string, typeof english> = { en: english, ru: russian }

/** A browser withdraws the permission for pushes that show nothing, so what cannot be understood is a plain notification. */
export async function showPush({ registration, navigator }: WorkerScope, data: PushData): Promise<void> {
  const payload = readPayload(data)
  const { title, body, path, tag } = payload ?? { ...(await plainText(navigator)), path: '/', tag: 'plain' }
  const pictures = { icon: '/icons/icon-192.png', badge: '/icons/badge-96.png' }
  await registration.showNotification(title, { body, ...pictures, data: { path }, ...(tag ? { tag } : {}) })
}

/** Focuses the window that shows the page of the notification, or opens one. */
export async function openNotification(
  { clients, location }: WorkerScope,
  notification: Pick<Notification, 'data' | 'close'>,
): Promise<void> {
  notification.close()
  const page = pageOf(notification.data, location.origin)
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  const open = windows.find(({ url }) => isSamePage(new URL(url), page))
  const focused = await open?.focus().catch(() => null)
  if (!focused) await clients.openWindow(page.href)
}

function readPayload(data: PushData) {
  try {
    return pushPayload.safeParse(data?.json()).data ?? null
  } catch {
    return null
  }
}

/** In the language of the person, or else of the browser. */
async function plainText(navigator: WorkerScope['navigator']) {
  const wanted = [(await readWorkerLocale()) ?? [], navigator.languages].flat()
  const known = wanted.map((tag) => texts[tag] ?? texts[tag.split('-')[0] ?? '']).find(Boolean)
  const { somethingNew, openApp } = known ?? english
  return { title: somethingNew, body: openApp }
}

/** Only an address of our own: the data of a notification came from outside. */
function pageOf(data: unknown, origin: string): URL {
  const path = typeof data === 'object' && data !== null && 'path' in data ? String(data.path) : '/'
  const page = URL.canParse(path, origin) ? new URL(path, origin) : null
  return page?.origin === origin ? page : new URL('/', origin)
}

function isSamePage(one: URL, other: URL): boolean {
  return one.origin === other.origin && one.pathname === other.pathname
}
