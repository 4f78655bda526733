import { afterAll, afterEach, expect, test } from 'vitest'
import { networkTrouble } from './browser/PageLog.ts'
import { newDirect } from './installation/accounts.ts'
import { installation, mediaPort, newPerson } from './installation/shared.ts'
import { BrowserNetwork } from './media/BrowserNetwork.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { waitForMediaOfAll } from './media/caller.ts'
import { mark, tile } from './screens/call.ts'
import { waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

const anna = await newPerson('Anna Lossy')
const boris = await newPerson('Boris Lossy')
const chatId = await newDirect(anna, boris)
const network = await BrowserNetwork.open(mediaPort)
afterAll(() => network.close())
afterEach(() => network.mend())
const browsers = new CallBrowsers(installation)
browsers.configure(boris, { network })

test('a network that loses packets is shown beside the name, with the reason, for as long as it does', async () => {
  const both = await browsers.two(chatId, anna, boris)
  const marks = both.map(({ page }) => mark(tile(page, 'Boris Lossy'), 'Weak network'))
  const titles = () => Promise.all(marks.map((each) => each.evaluateAll(([first]) => first?.getAttribute('title'))))
  const reason = 'Weak network. A part of what is sent gets lost on the way.'
  await expect.poll(titles).not.toContain(reason)
  network.losePictures(0.4)
  await expect.poll(titles).toEqual([reason, reason])
  network.mend()
  await expect.poll(titles).not.toContain(reason)
  await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
})

test('a network that is cut for ten seconds is shown on both sides, and the call mends itself', async () => {
  const both = await browsers.two(chatId, anna, boris)
  const [herDevice, hisDevice] = both
  hisDevice.pageLog.expect(networkTrouble)
  const away = mark(tile(herDevice.page, 'Boris Lossy'), 'Away')
  const trouble = /The line to the call is lost|Sound and picture are interrupted|The call was interrupted/
  const since = performance.now()
  network.cut()
  await waitUntilVisible(away)
  await waitUntilVisible(hisDevice.page.getByText(trouble))
  await new Promise((resolve) => setTimeout(resolve, 10_000 - (performance.now() - since)))
  network.mend()
  await waitForMediaOfAll(both, { pictures: 1, voices: 1 })
  await waitUntilHidden(away)
  await waitUntilHidden(hisDevice.page.getByText(trouble))
})
