import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { insertAccount, newGroup, newOwner, PASSWORD, send } from './installation/accounts.ts'
import { freePorts } from './installation/free-ports.ts'
import { FrontProxy } from './installation/FrontProxy.ts'
import { HttpsInstallation } from './installation/HttpsInstallation.ts'
import { Installation } from './installation/Installation.ts'
import { installation as plain, newPerson } from './installation/shared.ts'
import { message, openChat, pickPerson, waitForTick, write } from './screens/chats.ts'
import { clickButton, waitUntilVisible } from './screens/controls.ts'
import { signIn, waitUntilSignedIn } from './screens/sign-in.ts'

let secure: HttpsInstallation

beforeAll(async () => {
  secure = await HttpsInstallation.start({ serviceWorker: false })
})

afterAll(() => secure.stop())

test('in WebKitGTK a person signs in over HTTPS, writes and is answered, is still signed in when the page is loaded again, and finds somebody else to write to', async () => {
  const { installation } = secure
  const anna = await newOwner(installation, { name: 'Anna Kit' })
  const boris = await insertAccount(installation, { name: 'Boris Kit' })
  const chatId = await newGroup(anna, 'Kites', [boris])
  const device = await openDevice(installation, { browser: 'webkit' })
  const { page } = device
  await device.goto('/signin')
  await signIn(device, anna.email, PASSWORD)
  await waitUntilSignedIn(device)
  await openChat(page, 'Kites')
  await write(page, 'written in WebKitGTK')
  await waitForTick(page, 'written in WebKitGTK', 'Sent')
  await send(boris, chatId, 'and read there')
  await waitUntilVisible(message(page, 'and read there'))
  await page.reload()
  await waitUntilSignedIn(device)
  await waitUntilVisible(message(page, 'and read there'))
  await clickButton(page, 'New chat')
  await pickPerson(page.getByRole('dialog'), 'Boris Kit')
  await waitUntilVisible(page.getByText('No messages yet'))
  await write(page, 'and to you alone')
})

test('in WebKitGTK, which keeps no cookie marked as secure on http://localhost, a person stays signed in there', async () => {
  const clara = await newPerson('Clara Kit')
  const [port] = await freePorts(1)
  const front = await FrontProxy.open(port!, plain.url, { secure: false })
  onTestFinished(() => front.close())
  const device = await openDevice(new Installation({ ...plain, url: `http://localhost:${port}` }), {
    browser: 'webkit',
  })
  await device.goto('/signin')
  await signIn(device, clara.email, PASSWORD)
  await waitUntilSignedIn(device)
  await device.page.reload()
  await waitUntilSignedIn(device)
  expect(await device.page.evaluate(() => location.protocol)).toBe('http:')
})
