import type { BrowserContext, Page } from 'playwright-core'
import type { PageLog } from './PageLog.ts'

/** A browser context with its tab. Those of the same origin and kind can replace each other; one without a kind is used once. */
export type OpenContext = {
  context: BrowserContext
  pageLog: PageLog
  page: Page
  origin: string
  kind: string | undefined
}

/** A parked context holds about 100 MB of memory. */
const maxParked = 6

/** Emptied contexts that no test uses. */
const parked: OpenContext[] = []

/**
 * Empties a context and keeps it for another test. Its next page costs a third of the first one of a new context, because files of
 * the app stay in its cache, and its renderer has compiled them: that stays as long as the tab shows a page of the same origin.
 */
export async function parkContext(each: OpenContext): Promise<void> {
  const { context, page, origin } = each
  await context.setOffline(false)
  await page.goto(`${origin}/robots.txt`)
  for (const other of context.pages()) if (other !== page) await other.close()
  await page.emulateMedia({ colorScheme: 'light', contrast: null, reducedMotion: 'reduce' })
  await context.clearCookies()
  await context.clearPermissions()
  await page.evaluate(() => {
    sessionStorage.clear()
    window.name = ''
  })
  const session = await context.newCDPSession(page)
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  await session.send('Page.resetNavigationHistory')
  await session.detach()
  parked.push(each)
  if (parked.length > maxParked) await parked.shift()?.context.close()
}

/** Returns a parked context of this origin and kind, once it has proven to be empty. */
export async function takeParkedContext(origin: string, kind: string): Promise<OpenContext | undefined> {
  const index = parked.findLastIndex((each) => each.origin === origin && each.kind === kind)
  const [found] = index < 0 ? [] : parked.splice(index, 1)
  if (!found?.context.browser()?.isConnected()) return undefined
  const rest = await remains(found)
  if (rest.length > 0) throw new Error(`A context that was used before is not empty: ${rest.join(', ')}`)
  found.pageLog.clear()
  return found
}

/** What the tests before have left in a context. */
async function remains({ context, page }: OpenContext): Promise<string[]> {
  const cookies = (await context.cookies()).map(({ name }) => `cookie ${name}`)
  const stored = await page.evaluate(async () => [
    ...(await indexedDB.databases()).map(({ name }) => `database ${name}`),
    ...(await caches.keys()).map((name) => `cache ${name}`),
    ...Object.keys(localStorage).map((name) => `localStorage ${name}`),
    ...Object.keys(sessionStorage).map((name) => `sessionStorage ${name}`),
  ])
  const tabs = context.pages().filter((each) => each !== page)
  return [...cookies, ...stored, ...tabs.map((each) => `tab ${each.url()}`)]
}
