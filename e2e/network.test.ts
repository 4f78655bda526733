import type { Page } from 'playwright-core'
import { afterAll, afterEach, expect, test } from 'vitest'
import { newDirect } from './installation/accounts.ts'
import { installation, mediaPort, newPerson } from './installation/shared.ts'
import { BrowserNetwork } from './media/BrowserNetwork.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'
import { waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

const anna = await newPerson('Anna Network')
const boris = await newPerson('Boris Network')
const chatId = await newDirect(anna, boris)
const network = await BrowserNetwork.open(mediaPort)
afterAll(() => network.close())
afterEach(() => network.mend())
const browsers = new CallBrowsers(installation)
browsers.configure(boris, { network })

test('a network that is cut for media alone leads to new transports, on the same node and without another ticket', async () => {
  const both = await browsers.two(chatId, anna, boris)
  const { page, pageLog } = both[1]
  const countJoins = () => pageLog.requests.filter((url) => url.includes('meetings.join')).length
  const [connections, joins] = [await countConnections(page), countJoins()]
  network.cutMedia()
  await waitUntilVisible(page.getByText('Sound and picture are interrupted. Reconnecting…'))
  await expect.poll(() => countConnections(page)).toBeGreaterThan(connections)
  network.mend()
  await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
  await waitUntilHidden(page.getByText(/Sound and picture are interrupted/))
  expect(countJoins()).toBe(joins)
})

function countConnections(page: Page): Promise<number> {
  return page.evaluate(() => globalThis.peerConnections.length)
}
