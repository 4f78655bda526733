import type { Locator, WebSocketRoute } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { newDirect, newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { waitForConnection } from './screens/chats.ts'
import { button, clickButton, fill, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

test('what failed without a network is no error any more when it is back, and the page before a call says that it waits', async () => {
  const anna = await newPerson('Anna Offline')
  const chatId = await newGroup(anna, 'Waiting room', [])
  const device = await openDevice(installation, { account: anna })
  const { page, pageLog } = device
  pageLog.expect(/Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/)
  const problem = page.getByRole('alert').filter({ hasText: /\w/ })
  await device.goto('/settings/profile')
  await waitForConnection(page, 'Online')
  await fill(page, { Name: 'Anna Elsewhere' })
  await device.goOffline()
  await waitForConnection(page, 'Offline')
  await clickButton(page, 'Save')
  await waitUntilVisible(problem)
  await device.goOnline()
  await waitForConnection(page, 'Online')
  await waitUntilHidden(problem)
  await clickButton(page, 'Save')
  await waitUntilVisible(page.getByText('Saved'))

  await device.goto(`/call/${chatId}`)
  await waitUntilVisible(button(page, 'Join now'))
  await waitUntilVisible(page.getByText('A button to join appears in the chat.'))
  const note = page.getByText('You can join as soon as it is back.')
  expect(await note.count()).toBe(0)
  await device.goOffline()
  await waitUntilVisible(note)
  await clickButton(page, 'Join now')
  await waitUntilVisible(problem)
  await device.goOnline()
  await waitUntilHidden(note)
  await waitUntilHidden(problem)
})

// Sockets can be held back in Chromium only.
test.skipIf(browserOfRun() !== 'chromium')(
  'a list of people that was fetched before the live stream came has who joined in between',
  async () => {
    const device = await openDevice(installation, { account: await newPerson('Aaa Early') })
    const { page } = device
    const held: WebSocketRoute[] = []
    let isSilent = true
    await page.routeWebSocket(/./, (socket) => void (isSilent ? held.push(socket) : socket.connectToServer()))
    await device.goto('/people')
    await waitUntilVisible(page.getByText('Aaa Early'))
    await newPerson('Aab Between')
    isSilent = false
    for (const socket of held) await socket.close()
    await waitUntilVisible(page.getByText('Aab Between'))
  },
)

test.skipIf(browserOfRun() !== 'chromium')(
  'the name of a direct chat stands in the middle of its header while the live stream is awaited, and makes room for the line that comes then',
  async () => {
    const [anna, boris] = [await newPerson('Anna Header'), await newPerson('Boris Header')]
    const device = await openDevice(installation, { account: anna })
    const { page } = device
    let isSilent = false
    await page.routeWebSocket(/./, (socket) => void (isSilent || socket.connectToServer()))
    await device.goto(`/chats/${await newDirect(anna, boris)}`)
    await waitForConnection(page, 'Online')
    const [name, details] = [page.getByRole('heading', { name: 'Boris Header', level: 1 }), button(page, 'Details')]
    const above = async () => (await middle(details)) - (await middle(name))
    await expect.poll(above).toBeGreaterThan(5)
    isSilent = true
    await page.reload()
    await waitForConnection(page, /Connecting|Catching up/)
    await waitUntilVisible(name)
    expect(Math.abs(await above())).toBeLessThan(2)
    isSilent = false
    await page.reload()
    await expect.poll(above).toBeGreaterThan(5)
    // The routes of its sockets cannot be taken back, so no other test gets this page.
    await page.close()
  },
)

async function middle(of: Locator): Promise<number> {
  const { y, height } = (await of.boundingBox())!
  return y + height / 2
}
