import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newGroup } from './installation/accounts.ts'
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
  await waitUntilVisible(button(page, 'Start call'))
  await waitUntilVisible(page.getByText('A button to join appears in the chat.'))
  const note = page.getByText('You can join as soon as it is back.')
  expect(await note.count()).toBe(0)
  await device.goOffline()
  await waitUntilVisible(note)
  await clickButton(page, 'Start call')
  await waitUntilVisible(problem)
  await device.goOnline()
  await waitUntilHidden(note)
  await waitUntilHidden(problem)
})
