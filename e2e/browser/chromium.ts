import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { afterAll } from 'vitest'
import { launch } from './launch.ts'

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
export function persistentBrowser(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, launch)
}
