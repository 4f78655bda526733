import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { launch } from './launch.ts'

let shared: Promise<Browser> | undefined

/** One browser for all test files of a process, with which it ends. */
export async function browser(): Promise<Browser> {
  if (!(await shared)?.isConnected()) shared = chromium.launch(launch)
  return shared!
}

/** A browser with a profile on disk, as people have one: what is private to a window cannot be installed. */
export function persistentBrowser(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, launch)
}
