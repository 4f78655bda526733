import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newAccount, newDirect, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { Company } from './media/Company.ts'
import { isInCall, isSeen, mark, panel, tile } from './screens/calls.ts'
import { chatInList, log, write } from './screens/chats.ts'
import { button, gone, press, seen } from './screens/controls.ts'
import { axeFindings, findings, foreignWords } from './screens/findings.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const chiara = await newAccount(house, anna, { name: 'Chiara Rossi' })
const chatId = await newGroup(anna, 'Harbour house', [boris, chiara])
afterAll(() => house.stop())
const company = new Company(house)
for (const each of [anna, boris, chiara]) company.equip(each, { width: 1280, height: 800 })

describe('the door of a call', () => {
  it('shows one’s own picture, the devices and who is in it, without a finding of axe', async () => {
    const device = await company.device(anna)
    await device.goto(`/call/${chatId}`)
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
    await camera.click()
    await seen(page.locator('video'))
  })

  it('is one press from the head of a chat: Call comes without a picture, Video call with it', async () => {
    const direct = await newDirect(anna, boris)
    const device = await company.device(anna)
    const camera = device.page.getByRole('switch', { name: 'Camera', exact: true })
    for (const [name, checked] of [
      ['Call', 'false'],
      ['Video call', 'true'],
    ] as const) {
      await device.goto(`/chats/${direct}`)
      await press(device.page, name)
      await seen(device.page.getByRole('heading', { name: 'Boris Petrov' }))
      await expect.poll(() => camera.getAttribute('aria-checked')).toBe(checked)
    }
  })

  it('lets in whoever has neither microphone nor camera, and says what to do about it', async () => {
    const device = await openDevice(house, { account: anna })
    await device.context.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    await device.goto(`/call/${chatId}`)
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
    const [one] = await company.inCall(chatId, anna)
    await seen(one.page.getByText('Nobody else is here yet.'))
    const [other] = await company.inCall(chatId, boris)
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
  })

  it('are found by whoever reads the chat: there, and in the list', async () => {
    await company.inCall(chatId, anna, boris)
    const device = await company.device(chiara)
    await device.goto(`/chats/${chatId}`)
    await seen(device.page.getByText('2 people in it'))
    await seen(chatInList(device.page, 'Harbour house').getByText('A call goes on').first())
    await seen(device.page.getByRole('article').getByRole('button', { name: 'Join', exact: true }))
    expect(await findings(device)).toEqual([])
  })
})

describe('a call in Russian', () => {
  it('says nothing in another language, during and after', async () => {
    const ольга = await newAccount(house, anna, { name: 'Ольга', locale: 'ru' })
    const группа = await newGroup(ольга, 'Созвон', [])
    const device = await openDevice(house, { account: ольга, locale: 'ru-RU' })
    const found: string[] = []
    const look = async (name: string) => {
      found.push(...(await foreignWords(device.page, 'ru')).map((text) => `${name}: ${text}`))
    }
    await device.goto(`/call/${группа}`)
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
    expect(found).toEqual([])
  })
})
