import { limits } from '@veche/shared/limits'
import { afterAll, describe, expect, it } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { networkTrouble, refused } from './browser/Witness.ts'
import { anotherSession, newAccount, newDirect, newGroup, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { isInCall, isSeen, joinCall, mark, panel, tile } from './screens/calls.ts'
import { chatInList, log, write } from './screens/chats.ts'
import { button, fill, gone, link, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn } from './screens/doors.ts'
import { axeFindings, foreignWords, overflowing } from './screens/findings.ts'
import { wear } from './screens/tour.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const chiara = await newAccount(house, anna, { name: 'Chiara Rossi' })
afterAll(() => house.stop())

const sizes = [
  { width: 360, height: 740 },
  { width: 1440, height: 900 },
]

describe('the door of a call', () => {
  it('shows one’s own picture, the devices and who is in it, without a finding of axe', async () => {
    const dialogId = await newGroup(anna, 'Door', [boris])
    const device = await openDevice(house, { account: anna })
    await device.goto(`/call/${dialogId}`)
    const { page } = device
    for (const name of ['Microphone device', 'Camera device', 'Speaker device'])
      await seen(page.getByRole('combobox', { name, exact: true }))
    await seen(page.getByText('Nobody is here yet.'))
    await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Camera device' }).locator('option').count())
      .toBeGreaterThan(1)
    expect(await findings(device)).toEqual([])
    const camera = page.getByRole('switch', { name: 'Camera', exact: true })
    await camera.click()
    expect(await camera.getAttribute('aria-checked')).toBe('false')
    await gone(page.locator('video'))
    await seen(page.getByText('The camera is off'))
  })

  it('is one press from the head of a chat: Call comes without a picture, Video call with it', async () => {
    const dialogId = await newDirect(anna, boris)
    const device = await openDevice(house, { account: anna })
    const camera = device.page.getByRole('switch', { name: 'Camera', exact: true })
    for (const [name, checked] of [
      ['Call', 'false'],
      ['Video call', 'true'],
    ] as const) {
      await device.goto(`/chats/${dialogId}`)
      await press(device.page, name)
      await seen(device.page.getByRole('heading', { name: 'Boris Petrov' }))
      await expect.poll(() => camera.getAttribute('aria-checked')).toBe(checked)
    }
  })

  it('lets in whoever has neither microphone nor camera, and says what to do about it', async () => {
    const dialogId = await newGroup(anna, 'Refused', [boris])
    const device = await openDevice(house, { account: anna })
    await device.context.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    await device.goto(`/call/${dialogId}`)
    const { page } = device
    await seen(page.getByText('The browser does not let Veche use the microphone.'))
    await seen(page.getByText('The browser does not let Veche use the camera.'))
    await seen(page.getByText('You can join without a microphone and camera'))
    expect(await axeFindings(page)).toEqual([])
    await press(page, 'Join now')
    await isInCall(page)
    await seen(mark(tile(page, 'Anna Lindqvist'), 'Camera off'))
  })
})

describe('two people in a call', () => {
  it('see each other, what is off, and write to each other beside it', { timeout: 120_000 }, async () => {
    const dialogId = await newGroup(anna, 'Two', [boris, chiara])
    const one = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: boris })
    await joinCall(one, `/call/${dialogId}`)
    await seen(one.page.getByText('Nobody else is here yet.'))
    await joinCall(other, `/call/${dialogId}`)
    await Promise.all([isSeen(one.page, 'Boris Petrov'), isSeen(other.page, 'Anna Lindqvist')])
    expect(await findings(one)).toEqual([])

    await press(other.page, 'Mute microphone')
    await press(other.page, 'Turn camera off')
    await seen(mark(tile(one.page, 'Boris Petrov'), 'Microphone off'))
    await seen(mark(tile(one.page, 'Boris Petrov'), 'Camera off'))
    await other.page.keyboard.press('Control+KeyD')
    await other.page.keyboard.press('Control+KeyE')
    await seen(button(other.page, 'Mute microphone'))
    await isSeen(one.page, 'Boris Petrov')
    await gone(mark(tile(one.page, 'Boris Petrov'), 'Microphone off'))

    await press(one.page, 'Chat')
    await write(one.page, 'do you see the larch?')
    await press(other.page, 'Chat')
    await seen(log(other.page).getByText('do you see the larch?'))
    expect(await findings(one)).toEqual([])
    await press(one.page, 'People')
    await seen(panel(one.page, 'People').getByText('In the call · 2'))
    expect(await findings(one)).toEqual([])

    await press(other.page, 'Share screen')
    await seen(one.page.getByRole('group', { name: 'Screen: Boris Petrov' }))
    await press(other.page, 'Stop sharing')
    await gone(one.page.getByRole('group', { name: 'Screen: Boris Petrov' }))

    const third = await openDevice(house, { account: chiara })
    await third.goto(`/chats/${dialogId}`)
    await seen(third.page.getByText('2 people in it'))
    await seen(chatInList(third.page, 'Two').getByText('A call goes on').first())
    await seen(third.page.getByRole('article').getByRole('button', { name: 'Join', exact: true }))
    expect(await findings(third)).toEqual([])

    await press(other.page, 'Leave')
    await seen(other.page.getByRole('heading', { name: 'You left the call' }))
    await gone(tile(one.page, 'Boris Petrov'))
    expect(await findings(other)).toEqual([])
    await press(other.page, 'Rejoin')
    await isInCall(other.page)
    await isSeen(one.page, 'Boris Petrov')
  })

  it('talk as long as Space is held, wherever the mouse was last, but not while they write', async () => {
    const dialogId = await newGroup(anna, 'Space', [boris])
    const device = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: boris })
    await joinCall(device, `/call/${dialogId}`)
    await joinCall(other, `/call/${dialogId}`)
    await press(device.page, 'Mute microphone')
    const muted = mark(tile(other.page, 'Anna Lindqvist'), 'Microphone off')
    await seen(muted)
    await device.page.keyboard.down('Space')
    await gone(muted)
    await device.page.keyboard.up('Space')
    await seen(muted)
    await press(device.page, 'Chat')
    await textbox(device.page, 'Message').fill('a')
    await device.page.keyboard.press('Space')
    expect(await textbox(device.page, 'Message').inputValue()).toBe('a ')
    await seen(button(device.page, 'Unmute microphone'))
  })

  it('go on while one reads a chat, and come back to the call by its bar', async () => {
    const dialogId = await newGroup(anna, 'Elsewhere', [boris])
    const device = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: boris })
    await joinCall(device, `/call/${dialogId}`)
    await joinCall(other, `/call/${dialogId}`)
    await isSeen(device.page, 'Boris Petrov')
    await link(device.page, 'To the chat').click()
    await seen(link(device.page, 'Return to call'))
    expect(await findings(device)).toEqual([])
    await press(device.page, 'Mute microphone')
    await seen(mark(tile(other.page, 'Anna Lindqvist'), 'Microphone off'))
    await link(device.page, 'Return to call').click()
    await isSeen(device.page, 'Boris Petrov')
  })

  it('are in it again after a reload, wherever in the app', async () => {
    const dialogId = await newGroup(anna, 'Reload', [boris])
    const device = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: boris })
    await joinCall(device, `/call/${dialogId}`)
    await joinCall(other, `/call/${dialogId}`)
    await press(device.page, 'Mute microphone')
    await device.page.reload()
    await isInCall(device.page)
    await isSeen(device.page, 'Boris Petrov')
    await seen(button(device.page, 'Unmute microphone'))
    await link(device.page, 'To the chat').click()
    await seen(link(device.page, 'Return to call'))
    await device.page.reload()
    await link(device.page, 'Return to call').click()
    await isSeen(device.page, 'Boris Petrov')
  })
})

describe('a bad day', () => {
  it('is told in words: whom the node lost is away, and the call goes on by itself', { timeout: 120_000 }, async () => {
    const dialogId = await newGroup(anna, 'Node', [boris, chiara])
    const one = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: boris })
    const lost = await openDevice(house, { account: chiara })
    one.witness.expect(networkTrouble, refused(503))
    other.witness.expect(networkTrouble, refused(503))
    for (const device of [one, other, lost]) await joinCall(device, `/call/${dialogId}`)
    for (const name of ['Boris Petrov', 'Chiara Rossi']) await isSeen(one.page, name)
    await lost.killTab()
    await seen(mark(tile(one.page, 'Chiara Rossi'), 'Away'), 20_000)

    const [node] = house.nodes
    await node?.kill()
    await seen(one.page.getByText('The call was interrupted. Getting back in…'), 30_000)
    await node?.start()
    await gone(one.page.getByText('The call was interrupted. Getting back in…'), 30_000)
    await isSeen(one.page, 'Boris Petrov')
    await isSeen(other.page, 'Anna Lindqvist')
    await seen(mark(tile(one.page, 'Chiara Rossi'), 'Away'), 20_000)
    await press(one.page, 'People')
    await seen(panel(one.page, 'People').getByText('Away · 1'))
  })

  it('ends the call for whoever is removed from its chat, and says so', async () => {
    const dialogId = await newGroup(anna, 'Removed', [boris])
    const device = await openDevice(house, { account: boris })
    device.witness.expect(refused(404))
    await joinCall(device, `/call/${dialogId}`)
    await anna.api.dialogs.removeMember.mutate({ dialogId, userId: boris.userId })
    await seen(device.page.getByRole('heading', { name: 'You were removed from the call' }), 20_000)
    expect(await findings(device)).toEqual([])
    await press(device.page, 'To the meetings')
    await seen(device.page.getByRole('heading', { name: 'Meetings' }))
  })
})

describe('one person has one seat', () => {
  it('a second device takes it, the first one says so and takes it back', async () => {
    const dialogId = await newGroup(anna, 'Seat', [boris])
    const first = await openDevice(house, { account: anna })
    await joinCall(first, `/call/${dialogId}`)
    const second = await openDevice(house, { account: await anotherSession(house, anna) })
    await second.goto(`/call/${dialogId}`)
    await seen(second.page.getByText('You are in this meeting on another device. Joining moves it here.'))
    await press(second.page, 'Join now')
    await isInCall(second.page)
    await seen(first.page.getByRole('alert').getByText('The call moved to another tab or device'))
    expect(await findings(first)).toEqual([])
    await press(first.page, 'Take it back')
    await isInCall(first.page)
    await seen(button(second.page, 'Take it back'))
  })
})

describe('meetings', () => {
  it('have a page, empty at first, without a finding of axe', async () => {
    const daria = await newAccount(house, anna, { name: 'Daria' })
    const device = await openDevice(house, { account: daria })
    await device.goto('/meetings')
    await seen(device.page.getByText('No meetings yet'))
    await seen(device.page.getByRole('link', { name: 'Meetings', exact: true, includeHidden: false }))
    await fill(device.page, { 'Meeting link or code': 'no link' })
    await press(device.page, 'Join')
    await seen(device.page.getByText('This is no meeting link'))
    expect(await findings(device)).toEqual([])
  })

  it(
    'begin with a link, which brings in whoever has it and an account, also past the sign-in',
    { timeout: 120_000 },
    async () => {
      const emma = await newAccount(house, anna, { name: 'Emma' })
      const host = await openDevice(house, { account: anna })
      await host.goto('/meetings')
      await press(host.page, 'New meeting')
      await fill(host.page, { 'What is it about?': 'Harbour' })
      await press(host.page, 'Create')
      const address = await textbox(host.page, 'Meeting link').inputValue()
      expect(address).toMatch(new RegExp(`^${house.url}/m/[0-9a-z]{9}-[0-9a-z]{10}$`))
      await seen(button(host.page, 'Copy link'))
      await press(host.page.getByRole('dialog'), 'Join')
      await press(host.page, 'Join now')
      await isInCall(host.page)

      const guest = await openDevice(house)
      guest.witness.expect(refused(401))
      await guest.goto(address.slice(house.url.length))
      await signIn(guest, emma.email, PASSWORD)
      await isSignedIn(guest)
      await seen(guest.page.getByRole('heading', { name: 'Harbour' }))
      await seen(guest.page.getByText('Anna Lindqvist is here.'))
      await press(guest.page, 'Join now')
      await isInCall(guest.page)
      await isSeen(host.page, 'Emma')

      await press(guest.page, 'Leave')
      await press(host.page, 'Leave')
      await press(host.page, 'To the chat')
      // A meeting waits half a minute for whoever comes back.
      await house.setClock(limits.meeting.emptySeconds * 1_000)
      await seen(log(host.page).getByText('Call ended'), 60_000)
      await house.setClock(0)
      await press(host.page, 'Who was there')
      await seen(host.page.getByRole('list', { name: 'Who was there' }).getByText('Emma'))
      await host.goto('/meetings')
      await seen(host.page.getByRole('listitem').filter({ hasText: 'Harbour' }).getByText('2 people'))
      expect(await findings(host)).toEqual([])
      guest.witness.expect(refused(404), refused(409), refused(410), refused(403), refused(400))
      await guest.goto(address.slice(house.url.length))
      await seen(guest.page.getByText('This meeting has ended.'))
      expect(await findings(guest)).toEqual([])
      await guest.goto(`/m/000000000-0000000000`)
      await seen(guest.page.getByText('There is no such meeting'))
    },
  )
})

describe('a call in Russian', () => {
  it('says nothing in another language, before, during and after', async () => {
    const ольга = await newAccount(house, anna, { name: 'Ольга', locale: 'ru' })
    const иван = await newAccount(house, anna, { name: 'Иван', locale: 'ru' })
    const dialogId = await newGroup(ольга, 'Созвон', [иван])
    const device = await openDevice(house, { account: ольга, locale: 'ru-RU' })
    const found: string[] = []
    const look = async (name: string) => {
      found.push(...(await foreignWords(device.page, 'ru')).map((text) => `${name}: ${text}`))
    }
    await device.goto('/meetings')
    await seen(device.page.getByText('Встреч пока нет'))
    await look('meetings')
    await device.goto(`/call/${dialogId}`)
    await seen(button(device.page, 'Войти'))
    await look('before')
    await press(device.page, 'Войти')
    await seen(device.page.getByRole('timer'))
    await press(device.page, 'Люди')
    await look('people')
    await press(device.page, 'Ещё')
    await device.page.getByRole('menuitem', { name: 'Звук и видео' }).click()
    await look('devices')
    await device.page.keyboard.press('Escape')
    await press(device.page, 'Выйти')
    await seen(device.page.getByRole('heading', { name: 'Вы вышли из звонка' }))
    await look('after')
    await device.goto('/settings/sound')
    await seen(device.page.getByRole('heading', { name: 'Звук и видео' }))
    await look('settings')
    expect(found).toEqual([])
  })
})

/** What axe finds and what sticks out, at both sizes; colours in the dark as well. */
async function findings(device: Device): Promise<string[]> {
  const { page } = device
  const before = page.viewportSize()
  const found: string[] = []
  for (const theme of ['light', 'dark'] as const) {
    await wear(device, theme)
    await page.emulateMedia({ contrast: 'more' })
    await page.waitForFunction(() => document.documentElement.dataset['contrast'] === 'more')
    found.push(...(await axeFindings(page, ['color-contrast'])).map((each) => `${theme}, high contrast: ${each}`))
    await page.emulateMedia({ contrast: 'no-preference' })
    for (const size of sizes) {
      await page.setViewportSize(size)
      const all = [
        ...(await axeFindings(page, theme === 'dark' ? ['color-contrast'] : undefined)),
        ...(await overflowing(page)),
      ]
      found.push(...all.map((each) => `${theme}, ${size.width} px: ${each}`))
    }
  }
  await wear(device, 'light')
  if (before) await page.setViewportSize(before)
  return found
}
