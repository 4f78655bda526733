import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { goToPrejoin, mediaFlow, waitForMediaOfAll, waitForMedia } from './media/caller.ts'
import { streams } from './media/stream-stats.ts'
import { controls, waitForVideo, mark, panel, participants, tile } from './screens/call.ts'
import { chatInList, log, write } from './screens/chats.ts'
import { button, waitUntilHidden, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'
import { axeFindings } from './screens/findings.ts'

const anna = await newPerson('Anna Caller')
const boris = await newPerson('Boris Caller')
const clara = await newPerson('Clara Caller')
const chatId = await newGroup(anna, 'Harbour call', [boris, clara])
const browsers = new CallBrowsers(installation)

const nothing = { pictures: 0, voices: 0, inBytes: 0 }

test('the page before a call shows the own picture, the devices and who is in the call', async () => {
  const device = await browsers.device(anna)
  const { page } = device
  await goToPrejoin(device, chatId)
  for (const name of ['Microphone device', 'Camera device', 'Speaker device'])
    await waitUntilVisible(page.getByRole('combobox', { name, exact: true }))
  await waitUntilVisible(page.getByText('A button to join appears in the chat.'))
  await waitUntilVisible(button(page, 'Join now'))
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0)
  expect(await axeFindings(page)).toEqual([])
  const camera = page.getByRole('switch', { name: 'Camera', exact: true })
  await camera.click()
  expect(await camera.getAttribute('aria-checked')).toBe('false')
  await waitUntilHidden(page.locator('video'))
  await waitUntilVisible(page.getByText('The camera is off'))
  await camera.click()
  await waitUntilVisible(page.locator('video'))
})

test('two people in a call see and hear each other, and a third is found without a microphone and a camera, sends nothing, and turns both on', async () => {
  const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
  await waitUntilVisible(tile(herDevice.page, 'Boris Caller').locator('video'))
  // Sound repairs itself, and is silent when nobody speaks.
  const sound = (await streams(herDevice.page)).filter(({ kind }) => kind === 'audio')
  const formats = (wanted: 'in' | 'out') =>
    sound.filter(({ direction }) => direction === wanted).map(({ format }) => format.split(';'))
  expect(formats('out')).toEqual([expect.arrayContaining(['useinbandfec=1', 'usedtx=1'])])
  expect(formats('in')).toEqual([expect.arrayContaining(['useinbandfec=1'])])

  const theirDevice = await browsers.device(clara)
  const { page } = theirDevice
  await theirDevice.goto(`/chats/${chatId}`)
  await waitUntilVisible(page.getByText('2 people in it'))
  await waitUntilVisible(chatInList(page, 'Harbour call').getByText('Call in progress').first())
  await waitUntilVisible(page.getByRole('article').getByRole('button', { name: 'Join', exact: true }))
  await goToPrejoin(theirDevice, chatId)
  await waitUntilVisible(page.locator('video'))
  for (const name of ['Microphone', 'Camera']) await page.getByRole('switch', { name, exact: true }).click()
  await clickButton(page, 'Join now')
  await waitForMedia(page, { pictures: 2, voices: 2 })
  expect(await mediaFlow(page)).toMatchObject({ outBytes: 0 })
  for (const name of ['Microphone off', 'Camera off'])
    await waitUntilVisible(mark(tile(herDevice.page, 'Clara Caller'), name))
  await clickButton(page, 'Unmute microphone')
  await clickButton(page, 'Turn camera on')
  await waitForMediaOfAll([herDevice, hisDevice, theirDevice], { pictures: 2, voices: 2 })
  await clickButton(page, 'Leave')
  await waitUntilHidden(tile(herDevice.page, 'Clara Caller'))
  await browsers.close(clara)
})

test('a person who is muted and has the camera off sends nothing at all, and is heard while Space is held, but not while writing', async () => {
  const [herDevice, hisDevice] = await browsers.two(chatId, anna, boris)
  const muted = mark(tile(herDevice.page, 'Boris Caller'), 'Microphone off')
  await hisDevice.page.keyboard.press('Control+KeyE')
  await clickButton(hisDevice.page, 'Mute microphone')
  await waitUntilVisible(muted)
  await waitUntilVisible(mark(tile(herDevice.page, 'Boris Caller'), 'Camera off'))
  await expect.poll(() => mediaFlow(herDevice.page)).toMatchObject(nothing)

  await hisDevice.page.keyboard.down('Space')
  await waitUntilHidden(muted)
  await waitForMedia(herDevice.page, { pictures: 0, voices: 1 })
  await hisDevice.page.keyboard.up('Space')
  await waitUntilVisible(muted)
  await expect.poll(() => mediaFlow(herDevice.page)).toMatchObject(nothing)

  await clickButton(hisDevice.page, 'Chat')
  await waitForFocus(textbox(hisDevice.page, 'Message'))
  await hisDevice.page.keyboard.press('a')
  await hisDevice.page.keyboard.press('Space')
  expect(await textbox(hisDevice.page, 'Message').inputValue()).toBe('a ')
  await waitUntilVisible(button(hisDevice.page, 'Unmute microphone'))
  await textbox(hisDevice.page, 'Message').fill('')
  await clickButton(herDevice.page, 'Chat')
  await write(herDevice.page, 'do you see the larch?')
  await waitUntilVisible(log(hisDevice.page).getByText('do you see the larch?'))
  await clickButton(herDevice.page, 'People')
  await waitUntilVisible(panel(herDevice.page, 'People').getByText('In the call · 2'))
  expect(await axeFindings(herDevice.page)).toEqual([])
  for (const [page, name] of [
    [herDevice.page, 'People'],
    [hisDevice.page, 'Chat'],
  ] as const) {
    await page.keyboard.press('Escape')
    await waitUntilHidden(panel(page, name))
    await waitForFocus(button(controls(page), name))
  }

  await clickButton(controls(hisDevice.page), 'Unmute microphone')
  await clickButton(controls(hisDevice.page), 'Turn camera on')
  await waitForMedia(herDevice.page, { pictures: 1, voices: 1 })
})

// A headless Firefox has no screen to share, and Firefox shares no sound of one.
test.skipIf(browserOfRun() === 'firefox')(
  'a shared screen comes to the front with its sound, and the layout is a grid, a speaker or the screen, as a person chooses',
  async () => {
    const [{ page }, hisDevice] = await browsers.two(chatId, anna, boris)
    const width = async (name: string) => (await tile(page, name).boundingBox())?.width ?? 0
    const choose = async (name: string) => {
      await clickButton(page, 'Layout')
      const [radio, item] = (['menuitemradio', 'menuitem'] as const).map((role) =>
        page.getByRole(role, { name, exact: true }),
      )
      await radio!.or(item!).click()
    }
    await choose('Speaker')
    await expect.poll(async () => (await width('Boris Caller')) > 2 * (await width('Anna Caller'))).toBe(true)
    await waitForVideo(page, 'Boris Caller')
    await clickButton(tile(page, 'Anna Caller'), 'Options for Anna Caller')
    await page.getByRole('menuitem', { name: 'Show large' }).click()
    await expect.poll(async () => (await width('Anna Caller')) > 2 * (await width('Boris Caller'))).toBe(true)
    await choose('Grid')
    await expect.poll(async () => (await width('Anna Caller')) === (await width('Boris Caller'))).toBe(true)

    await clickButton(hisDevice.page, 'Share screen')
    await waitForMedia(page, { pictures: 2, voices: 2 })
    const screen = participants(page).getByRole('group', { name: 'Screen: Boris Caller' })
    await waitUntilVisible(screen)
    const hisStrip = hisDevice.page.getByRole('group', { name: 'You are sharing your screen' })
    expect((await hisStrip.boundingBox())?.height).toBeLessThan(60)
    expect(await participants(hisDevice.page).getByRole('group').count()).toBe(2)
    const isLarge = async () => ((await screen.boundingBox())?.width ?? 0) > 2 * (await width('Boris Caller'))
    await expect.poll(isLarge).toBe(true)
    await choose('Grid')
    await expect.poll(isLarge).toBe(false)
    await choose('Screen')
    await expect.poll(isLarge).toBe(true)
    await clickButton(hisStrip, 'Stop sharing')
    await waitUntilHidden(screen)
    await waitForMedia(page, { pictures: 1, voices: 1 })
  },
)

test.skipIf(browserOfRun() === 'firefox')(
  'of two shared screens the last one is in front, the other one is a click away, and the call is over when the last person leaves',
  async () => {
    const devices = await browsers.inCall(chatId, clara, anna, boris)
    const [{ page }, ...sharers] = devices
    const [hers, his] = ['Anna', 'Boris'].map((name) =>
      participants(page).getByRole('group', { name: `Screen: ${name} Caller` }),
    ) as [Locator, Locator]
    for (const [index, screen] of [hers, his].entries()) {
      await clickButton(sharers[index]!.page, 'Share screen')
      await waitUntilVisible(screen)
    }
    await waitUntilHidden(hers)
    await clickButton(page, 'Next screen')
    await waitUntilVisible(hers)
    await waitUntilHidden(his)
    for (const device of devices.toReversed()) await clickButton(device.page, 'Leave')
    await waitUntilVisible(page.getByText('The call has ended'))
    await page.getByRole('button', { name: 'To the chat' }).click()
    await waitUntilVisible(
      log(page)
        .getByText(/Call ended|Video call/)
        .last(),
    )
    await waitUntilHidden(button(page, 'Join'))
  },
)

/** Waits until it has the focus. */
async function waitForFocus(locator: Locator): Promise<void> {
  await expect.poll(() => locator.evaluate((node) => node === document.activeElement)).toBe(true)
}
