import { fileURLToPath } from 'node:url'
import type { LaunchOptions } from 'playwright-core'

/** The WebKitGTK of the distribution, behind a bridge that speaks WebDriver BiDi as Firefox does. */
export const webkitLaunch: LaunchOptions = {
  channel: 'moz-firefox',
  executablePath: fileURLToPath(new URL('../webkit/webkit.sh', import.meta.url)),
}
