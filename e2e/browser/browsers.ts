import { type Browser, type BrowserContext, chromium, firefox } from 'playwright-core'
import { type BrowserName, browserOfRun } from './browser-of-run.ts'
import { firefoxLaunch } from './firefox.ts'
import { launch } from './launch.ts'
import { webkitLaunch } from './webkit.ts'

const open = new Map<BrowserName, Promise<Browser>>()

/** One browser of a kind for all test files of a process, with which it ends. */
export async function browser(name: BrowserName = browserOfRun()): Promise<Browser> {
  const running = open.get(name)
  if (running && (await running).isConnected()) return running
  const launched = launchBrowser(name)
  open.set(name, launched)
  return launched
}

function launchBrowser(name: BrowserName): Promise<Browser> {
  if (name === 'firefox') return firefox.launch(firefoxLaunch)
  // Playwright takes the bridge before WebKitGTK for a browser of this kind, because it speaks its protocol.
  return name === 'webkit' ? firefox.launch(webkitLaunch) : chromium.launch(launch)
}

/** A browser with a profile on disk, as people have one: what is private to a window cannot be installed. */
export function persistentBrowser(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, launch)
}
