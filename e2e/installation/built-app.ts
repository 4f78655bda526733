import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from '../../ops/cli/machine/prepare.ts'
import { checkout } from '../../ops/cli/env.ts'

/** The setting of the API that names the built app holds here as well. */
export const builtApp = process.env['WEB_BUILD'] || join(checkout, 'apps/web/build')

/** `./veche test` has built the app; a `vitest` that is run by hand takes what is there, or builds it the first time. */
export default async function setup(): Promise<void> {
  if (!existsSync(join(builtApp, '200.html'))) await prepare({ web: true })
}
