import type { TestProject } from 'vitest/node'
import { newOwner } from './accounts.ts'
import { browserOfRun } from '../browser/browser-of-run.ts'
import { HttpsInstallation } from './HttpsInstallation.ts'
import { OwnInstallation } from './OwnInstallation.ts'

/** Vitest's globalSetup: starts the installation that all files share, with one media node and an owner. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // WebKit has a service worker over https only.
  const secure = browserOfRun() === 'webkit' ? await HttpsInstallation.start({ nodes: 1 }) : null
  const installation = secure?.installation ?? (await OwnInstallation.start({ nodes: 1 }))
  const { url, apiUrl, app, databaseUrl, settings, nodes } = installation
  const { userId, name, email, password, cookie } = await newOwner(installation, { name: 'Olga Orlova' })
  const owner = { userId, name, email, password, session: cookie() }
  project.provide('installation', { url, apiUrl, app, databaseUrl, settings, mediaPort: nodes[0]?.media ?? 0, owner })
  return () => (secure ?? installation).stop()
}
