import type { BrowserContext, LaunchOptions } from 'playwright-core'
import { type Account, sessionCookieName } from '../installation/accounts.ts'
import type { Installation } from '../installation/Installation.ts'

export const launch: LaunchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // A camera for each person: the pages of a browser share the pictures of one, and when there are many wait for each other.
    '--use-fake-device-for-media-stream=device-count=8,fps=10',
    '--use-fake-ui-for-media-stream',
    // Whatever asks for a foreign host learns that there is none. Media over TCP asks for numbers as for names.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
  ],
}

/** Puts the session of an account into a browser, as signing in would. */
export async function takeSession(
  context: BrowserContext,
  installation: Installation,
  account: Account,
): Promise<void> {
  const { url } = installation
  const name = sessionCookieName(installation)
  await context.addCookies([{ name, value: account.cookie(), url, httpOnly: true, sameSite: 'Lax' }])
}

/** What Playwright does for pages of Chromium alone. */
export async function completePages(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    // Browsers have one window in use at most, and other pages would read nothing.
    Document.prototype.hasFocus = () => true
    // Over BiDi an error that a page writes to the console arrives without its message.
    const { error } = console
    const words = (each: unknown) => (each instanceof Error ? `${String(each)}\n${each.stack}` : each)
    console.error = (...all: unknown[]) => error(...all.map(words))
  })
}

/** What Playwright itself does in Chromium alone. */
export async function blockServiceWorker(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const { serviceWorker } = navigator
    if (serviceWorker) serviceWorker.register = () => Promise.reject(new Error('blocked by the test'))
  })
}
