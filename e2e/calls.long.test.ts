import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { goToPrejoin, openCaller, waitForMediaOfAll, waitForMedia } from './media/caller.ts'
import { type Stream, streams } from './media/stream-stats.ts'
import { waitForVideo, tile } from './screens/call.ts'
import { waitUntilHidden, clickButton, waitUntilVisible } from './screens/controls.ts'
import { findings, foreignWords } from './screens/findings.ts'
import type { Page } from 'playwright-core'

const anna = await newPerson('Anna Longcall')
const boris = await newPerson('Boris Longcall')
const clara = await newPerson('Clara Longcall')
const chatId = await newGroup(anna, 'Long call', [boris, clara])
const browsers = new CallBrowsers(installation)
browsers.configure(anna, { width: 1280, height: 800 })
browsers.configure(clara, { camera: { width: 1280, height: 720, frameRate: 10 } })

test('the screens of a call have no finding of axe and do not stick out, in every size and colour', async () => {
  const device = await browsers.device(anna)
  const { page } = device
  await goToPrejoin(device, chatId)
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
  expect(await findings(device)).toEqual([])
  await browsers.two(chatId, anna, boris)
  await waitForVideo(page, 'Boris Longcall')
  expect(await findings(device)).toEqual([])
  for (const panel of ['Chat', 'People']) {
    await clickButton(page, panel)
    expect(await findings(device)).toEqual([])
  }
  await clickButton(page, 'Leave')
  await waitUntilVisible(page.getByRole('heading', { name: 'You left the call' }))
  expect(await findings(device)).toEqual([])
})

test('a call in Russian says nothing in another language, during and after it', async () => {
  const olga = await newPerson('Ольга', { locale: 'ru' })
  const group = await newGroup(olga, 'Созвон', [])
  const device = await openDevice(installation, { account: olga, locale: 'ru-RU' })
  const { page } = device
  const found: string[] = []
  const addForeignWords = async (name: string) => {
    found.push(...(await foreignWords(page, 'ru')).map((text) => `${name}: ${text}`))
  }
  await device.goto(`/call/${group}`)
  await clickButton(page, 'Присоединиться')
  await waitUntilVisible(page.getByRole('timer'))
  await clickButton(page, 'Люди')
  await addForeignWords('people')
  await clickButton(page, 'Ещё')
  await page.getByRole('menuitem', { name: 'Звук и видео' }).click()
  await addForeignWords('devices')
  await page.keyboard.press('Escape')
  await clickButton(page, 'Выйти')
  await waitUntilVisible(page.getByRole('heading', { name: 'Звонок закончился' }))
  await addForeignWords('after')
  expect(found).toEqual([])
})

test('a camera is sent in three sizes, and a screen twice in full size, one of them as stills within 250 kbit/s', async () => {
  // Whoever an earlier test has left in this call would be a third one.
  await browsers.close()
  const [herDevice, { page }] = await browsers.two(chatId, anna, clara)
  const widths = async () => (await sentVideo(page)).map(({ width }) => width).toSorted((a, b) => a - b)
  await expect.poll(widths).toEqual([320, 640, 1280])
  await clickButton(page, 'Turn camera off')
  await clickButton(page, 'Share screen')
  await waitForMedia(herDevice.page, { pictures: 1, voices: 2 })
  const stills = async () => (await screenOf(page))[0] ?? { frames: 0, bytes: 0 }
  await expect.poll(async () => (await stills()).frames).toBeGreaterThan(2)
  const since = performance.now()
  const before = await stills()
  await page.waitForTimeout(5_000)
  const after = await stills()
  const seconds = (performance.now() - since) / 1000
  expect(after.frames).toBeGreaterThan(before.frames)
  // One frame more may fall into the time than its rate says, and the rate is held on the average.
  expect(after.frames - before.frames).toBeLessThanOrEqual(2 * seconds + 1)
  expect(((after.bytes - before.bytes) * 8) / seconds).toBeLessThan(250_000 * 1.2)
  const sizes = (await screenOf(page)).filter(({ frames }) => frames > 0).map(({ width }) => width)
  expect(new Set(sizes).size).toBe(1)
})

test('a microphone and a camera that deliver nothing are noticed on both sides, and opened anew with one press each', async () => {
  await browsers.close()
  const [herDevice] = await browsers.inCall(chatId, anna)
  const theirDevice = await openCaller(installation, boris, { deadDevices: true })
  const { page } = theirDevice
  await goToPrejoin(theirDevice, chatId)
  await clickButton(page, 'Join now')
  const frozen = tile(herDevice.page, 'Boris Longcall').getByText('The picture stands still')
  await waitUntilVisible(frozen)
  await waitUntilVisible(page.getByText('Nothing comes out of your microphone.'))
  await clickButton(page, 'Restart the microphone')
  await waitUntilVisible(page.getByText('Your camera stands still.'))
  await clickButton(page, 'Restart the camera')
  await waitForMediaOfAll([herDevice, theirDevice], { pictures: 1, voices: 1 })
  await waitUntilHidden(page.getByText(/Nothing comes out|stands still/))
  await waitUntilHidden(frozen)
})

async function sentVideo(page: Page): Promise<Stream[]> {
  return (await streams(page)).filter(({ direction, kind }) => direction === 'out' && kind === 'video')
}

/** The streams of the shared screen, which is the publication that began last. */
async function screenOf(page: Page): Promise<Stream[]> {
  const all = await sentVideo(page)
  const mid = ({ id }: Stream) => Number(id.split(' ')[1])
  const last = Math.max(...all.map(mid))
  return all.filter((stream) => mid(stream) === last).sort((a, b) => (a.rid ?? '').localeCompare(b.rid ?? ''))
}
