import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { afterAll } from 'vitest'

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  // Whatever asks for a foreign host learns that there is none.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
]
const launch = { executablePath: '/usr/bin/chromium', args }

let shared: Promise<Browser> | undefined

/** One browser a test file. */
export function browser(): Promise<Browser> {
  if (!shared) {
    const launched = chromium.launch(launch)
    shared = launched
    afterAll(async () => (await launched).close())
  }
  return shared
}

/** A browser with a profile on disk, as people have one: what is private to a window cannot be installed. */
export function persistentBrowser(folder: string, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...launch, ...options })
}
