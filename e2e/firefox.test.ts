import { test } from 'vitest'
import { newGroup, PASSWORD, send } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { goToPrejoin, openCaller, waitForMediaOfAll } from './media/caller.ts'
import { waitUntilInCall } from './screens/call.ts'
import { message, openChat, waitForTick, write } from './screens/chats.ts'
import { clickButton, waitUntilVisible } from './screens/controls.ts'
import { signIn, waitUntilSignedIn } from './screens/sign-in.ts'

test('in Firefox a person signs in, writes and is answered, and sees and hears somebody in a call, who uses Chromium', async () => {
  const [anna, boris] = [await newPerson('Anna Fox'), await newPerson('Boris Fox')]
  const chatId = await newGroup(anna, 'Foxes', [boris])
  const herDevice = await openCaller(installation, null, { browser: 'firefox' })
  const { page } = herDevice
  await herDevice.goto('/signin')
  await signIn(herDevice, anna.email, PASSWORD)
  await waitUntilSignedIn(herDevice)
  await openChat(page, 'Foxes')
  await write(page, 'written in Firefox')
  await waitForTick(page, 'written in Firefox', 'Sent')
  await send(boris, chatId, 'and read there')
  await waitUntilVisible(message(page, 'and read there'))

  const hisDevice = await openCaller(installation, boris)
  for (const device of [hisDevice, herDevice]) {
    await goToPrejoin(device, chatId)
    await clickButton(device.page, 'Join now')
    await waitUntilInCall(device.page)
  }
  await waitForMediaOfAll([herDevice, hisDevice], { pictures: 1, voices: 1 })
  await clickButton(page, 'Leave')
})
