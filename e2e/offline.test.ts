import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { networkTrouble } from './browser/Witness.ts'
import { type Account, newAccount, newGroup, newOwner, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { composer, connectionIs, isTicked, message, openChat, write } from './screens/chats.ts'
import { press, seen } from './screens/controls.ts'

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
afterAll(() => house.stop())

describe('without a network', () => {
  it('the app opens at the address of a chat, shows its messages and says that it is offline', async () => {
    const chatId = await newGroup(anna, 'Kept', [boris])
    await say(boris, chatId, 'remember me')
    const device = await openDevice(house, { account: anna, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto(`/chats/${chatId}`)
    await seen(message(device.page, 'remember me'))
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await device.goOffline()
    await device.openTab(`/chats/${chatId}`)
    await seen(message(device.page, 'remember me'))
    await connectionIs(device.page, 'Offline')
  })

  it('messages are written, the tab is killed, and from a new tab each is delivered once and in order', async () => {
    const chatId = await newGroup(anna, 'Train', [boris])
    const device = await openDevice(house, { account: anna, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto(`/chats/${chatId}`)
    await seen(composer(device.page))
    await connectionIs(device.page, 'Online')
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await device.goOffline()
    await connectionIs(device.page, 'Offline')
    for (const text of ['first from the tunnel', 'second from the tunnel', 'third from the tunnel']) {
      await write(device.page, text)
      await isTicked(device.page, text, 'Sending')
    }
    await device.killTab()

    const his = await openDevice(house, { account: boris, installed: true })
    await his.goto(`/chats/${chatId}`)
    await seen(composer(his.page))
    await device.openTab(`/chats/${chatId}`)
    await seen(message(device.page, 'third from the tunnel'))
    await device.goOnline()
    await seen(message(his.page, 'third from the tunnel'))
    await expect
      .poll(async () => (await stored(boris, chatId)).filter((body) => body.includes('tunnel')))
      .toEqual(['first from the tunnel', 'second from the tunnel', 'third from the tunnel'])
    for (const text of ['first', 'second', 'third']) {
      expect(await message(his.page, `${text} from the tunnel`).count()).toBe(1)
      await isTicked(device.page, `${text} from the tunnel`, 'Read')
      expect(await message(device.page, `${text} from the tunnel`).count()).toBe(1)
    }
  })

  it('what the others write meanwhile is there when the network is back', async () => {
    const chatId = await newGroup(anna, 'Meanwhile', [boris])
    const device = await openDevice(house, { account: anna, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto(`/chats/${chatId}`)
    await connectionIs(device.page, 'Online')
    await device.goOffline()
    await connectionIs(device.page, 'Offline')
    await say(boris, chatId, 'written while you were away')
    await device.goOnline()
    await seen(message(device.page, 'written while you were away'))
    await connectionIs(device.page, 'Online')
  })

  it('signing out with unsent messages is asked about once', async () => {
    const chatId = await newGroup(anna, 'Unsent', [boris])
    const device = await openDevice(house, { account: anna, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto(`/chats/${chatId}`)
    await connectionIs(device.page, 'Online')
    await device.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await device.goOffline()
    await write(device.page, 'only here')
    await device.page.getByRole('link', { name: 'Settings', exact: true }).click()
    await press(device.page, 'Sign out')
    await seen(device.page.getByRole('alertdialog').getByText('1 message'))
  })
})

describe('when the server is killed', () => {
  it('the bar says so, and what is sent meanwhile arrives once when it is back', async () => {
    const chatId = await newGroup(anna, 'Outage', [boris])
    const hers = await openDevice(house, { account: anna, installed: true })
    const his = await openDevice(house, { account: boris, installed: true })
    for (const device of [hers, his]) {
      device.witness.expect(networkTrouble)
      await device.goto(`/chats/${chatId}`)
      await connectionIs(device.page, 'Online')
    }
    await house.kill()
    for (const { page } of [hers, his]) {
      await connectionIs(page, 'Server away')
      await seen(page.getByText('The server does not answer.'))
    }
    await write(hers.page, 'into the dark')
    await isTicked(hers.page, 'into the dark', 'Sending')
    await house.start()
    // After a long outage a client waits up to 15 s between two attempts.
    for (const { page } of [hers, his]) await connectionIs(page, 'Online', 30_000)
    for (const { page } of [hers, his]) await seen(message(page, 'into the dark'))
    await isTicked(hers.page, 'into the dark', 'Read')
    for (const { page } of [hers, his]) {
      expect(await message(page, 'into the dark').count()).toBe(1)
    }
    expect((await stored(boris, chatId)).filter((body) => body === 'into the dark')).toHaveLength(1)
  })
})

describe('two tabs of one person', () => {
  it('do not send twice what was written in one of them, and show the same', async () => {
    const chatId = await newGroup(anna, 'Twice', [boris])
    const device = await openDevice(house, { account: anna, installed: true })
    device.witness.expect(networkTrouble)
    await device.goto(`/chats/${chatId}`)
    await connectionIs(device.page, 'Online')
    const first = device.page
    const second = await device.openTab('/')
    await openChat(second, 'Twice')
    await device.goOffline()
    await write(first, 'from the first tab')
    await seen(message(second, 'from the first tab'))
    await write(second, 'from the second tab')
    await device.goOnline()
    for (const page of [first, second])
      for (const text of ['from the first tab', 'from the second tab']) {
        await isTicked(page, text, 'Sent')
        expect(await message(page, text).count()).toBe(1)
      }
    expect((await stored(boris, chatId)).filter(Boolean)).toEqual(['from the first tab', 'from the second tab'])
  })
})

/** The texts as the server has them, in its order. */
async function stored(who: Account, chatId: Parameters<typeof say>[1]): Promise<string[]> {
  const { messages } = await who.api.messages.history.query({ chatId, limit: 100 })
  return messages.flatMap(({ kind, body }) => (kind === 'text' && body ? [body] : []))
}
