import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { insertAccount, newGroup, newOwner } from './installation/accounts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'

/** The archive of the release before this one, as `./veche release` made it. Without it there is nothing to compare with. */
const archive = process.env['VECHE_RELEASE_BEFORE']

describe.skipIf(!archive)('while an installation is upgraded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'veche-release-before-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const before = archive ? unpack(archive, folder) : undefined

  describe.each([
    ['the API of the release before works with a node of this one', { api: before }],
    ['the API of this release works with a node of the one before', { nodes: before }],
  ])('%s', async (_title, releases) => {
    const installation = archive ? await OwnInstallation.start({ nodes: 1, releases }) : undefined
    if (!installation) return
    afterAll(() => installation.stop())
    const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
    const boris = await insertAccount(installation, { name: 'Boris Petrov' })
    const chatId = await newGroup(anna, 'Two releases', [boris])
    const browsers = new CallBrowsers(installation)

    test('people join a call, see and hear each other, and come back after a reload', async () => {
      const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
      await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })
      await hisDevice.page.reload()
      await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })
    })
  })
})

function unpack(file: string, folder: string): string {
  execFileSync('tar', ['-xzf', file, '-C', folder])
  return join(folder, readdirSync(folder)[0] ?? '')
}
