import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { newDirect, send } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { chatInList, composer, log, message, openDetails, write } from './screens/chats.ts'
import { button, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'
import { axeFindings, overflowing } from './screens/findings.ts'
import { draft, recordFor, recording, startRecording, unheard, voices } from './screens/voice.ts'
import { sendFiles } from './sent-files.ts'

const play = (voice: Locator) => voice.getByRole('button', { name: /^Play/ })
const unlistened = (page: Page) => log(page).getByRole('img', { name: 'You have not listened yet' })

async function findingsOf(page: Page): Promise<string[]> {
  return [...(await axeFindings(page)), ...(await overflowing(page))]
}

// Firefox without hardware for sound plays no sound.
test.skipIf(browserOfRun() === 'firefox')(
  'voice messages are recorded, listened to before they are sent, played one after the other, and told as listened',
  async () => {
    const [anna, boris] = [await newPerson('Anna Voice'), await newPerson('Boris Voice')]
    const chatId = await newDirect(anna, boris)
    const herDevice = await openDevice(installation, { account: anna, width: 1440, height: 900 })
    const hisDevice = await openDevice(installation, { account: boris, width: 360, height: 740 })
    const [hers, his] = [herDevice.page, hisDevice.page]
    await herDevice.goto(`/chats/${chatId}`)
    await hisDevice.goto(`/chats/${chatId}`)
    await waitUntilVisible(composer(his))
    await startRecording(hers)
    await recordFor(hers, 1)
    expect(await findingsOf(hers)).toEqual([])
    await button(hers, 'Pause recording').click()
    await button(hers, 'Go on recording').click()
    await recordFor(hers, 2)
    await button(hers, 'Stop and listen').click()
    await button(draft(hers), 'Play').click()
    await waitUntilVisible(button(draft(hers), 'Pause'))
    expect(await findingsOf(hers)).toEqual([])
    // What was recorded is still there after a reload.
    await hers.reload()
    await waitUntilVisible(draft(hers))
    await button(draft(hers), 'Send').click()
    await waitUntilVisible(voices(hers, 'Your voice message'))
    await write(hers, 'and one more')
    await startRecording(hers)
    await recordFor(hers, 1)
    await button(recording(hers), 'Send').click()
    await expect.poll(() => unheard(hers).count()).toBe(2)

    await expect.poll(() => unlistened(his).count()).toBe(2)
    const [first, second] = [
      voices(his, 'Voice message from Anna Voice').nth(0),
      voices(his, 'Voice message from Anna Voice').nth(1),
    ]
    await expect
      .poll(() => first.getByRole('slider').getAttribute('aria-valuetext'))
      .toMatch(/^0 seconds of \d+ seconds?$/)
    await play(first).click()
    await waitUntilVisible(his.getByRole('region', { name: 'Player' }))
    expect(await findingsOf(his)).toEqual([])
    // The next one follows by itself.
    await waitUntilVisible(second.getByRole('button', { name: /^Pause/ }))
    await expect.poll(() => unlistened(his).count()).toBe(0)
    await expect.poll(() => unheard(hers).count()).toBe(0)
    await waitUntilHidden(his.getByRole('region', { name: 'Player' }))
    await waitUntilVisible(chatInList(hers, 'Boris Voice').getByText('Voice message, 0:'))

    // By keyboard: the slider, and the speed, which stays.
    await play(first).click()
    const slider = first.getByRole('slider')
    await slider.focus()
    await his.keyboard.press('End')
    await waitUntilHidden(his.getByRole('region', { name: 'Player' }))
    await hisDevice.goto(`/chats/${chatId}`)
    await waitUntilVisible(play(first))
    expect(await unlistened(his).count()).toBe(0)
  },
)

test('a voice message is recorded while the button is held, and a cancelled one leaves nothing', async () => {
  const [anna, boris] = [await newPerson('Anna Holds'), await newPerson('Boris Holds')]
  const chatId = await newDirect(anna, boris)
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(button(page, 'Record voice message'))
  const hold = async () => {
    const box = (await button(page, 'Record voice message').boundingBox())!
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await recordFor(page, 1)
    return { x, y }
  }
  const { x, y } = await hold()
  expect(await overflowing(page)).toEqual([])
  await page.mouse.up()
  await waitUntilVisible(voices(page, 'Your voice message'))
  await waitUntilHidden(recording(page))

  await hold()
  await page.mouse.move(x - 160, y, { steps: 4 })
  await page.mouse.up()
  await waitUntilHidden(recording(page))
  await hold()
  await page.mouse.move(x, y - 120, { steps: 4 })
  await page.mouse.up()
  await recordFor(page, 2)
  await button(recording(page), 'Cancel').click()
  await page.reload()
  await waitUntilVisible(voices(page, 'Your voice message'))
  expect([await voices(page, 'Your voice message').count(), await draft(page).count()]).toEqual([1, 0])
})

// Playwright has a finger in Chromium alone.
test.skipIf(browserOfRun() !== 'chromium')(
  'a tap of a finger records until it is ended, and presses nothing that comes under the finger',
  async () => {
    const [anna, boris] = [await newPerson('Anna Taps'), await newPerson('Boris Taps')]
    const chatId = await newDirect(anna, boris)
    const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
    const { page } = device
    await device.goto(`/chats/${chatId}`)
    const microphone = button(page, 'Record voice message')
    await waitUntilVisible(microphone)
    const { x, y, width, height } = (await microphone.boundingBox())!
    const session = await page.context().newCDPSession(page)
    await session.send('Emulation.setTouchEmulationEnabled', { enabled: true })
    // A fifth of a second for the page, however long it takes until the panel is under the finger.
    const timestamp = Date.now() / 1_000
    const touchPoints = [{ x: x + width / 2, y: y + height / 2 }]
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints, timestamp })
    await waitUntilVisible(recording(page))
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [], timestamp: timestamp + 0.2 })
    await waitUntilVisible(button(recording(page), 'Pause recording'))
    await recordFor(page, 1)
    expect(await voices(page, 'Your voice message').count()).toBe(0)
    await button(recording(page), 'Cancel').click()
    await waitUntilHidden(recording(page))
    await microphone.focus()
    await page.keyboard.press('Enter')
    await waitUntilVisible(button(recording(page), 'Pause recording'))
    await button(recording(page), 'Cancel').click()
    await session.send('Emulation.setTouchEmulationEnabled', { enabled: false })
    await session.detach()
  },
)

/** A tone, as a program of sounds stores it. */
function tone(seconds: number): Buffer {
  const rate = 8_000
  const samples = Buffer.alloc(seconds * rate * 2)
  for (let at = 0; at < seconds * rate; at++) samples.writeInt16LE(Math.round(6_000 * Math.sin(at / 3)), at * 2)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}

// Firefox without hardware for sound plays no sound.
test.skipIf(browserOfRun() === 'firefox')(
  'a sound that plays moves nothing in the history, and is heard in the shared files too',
  async () => {
    const [anna, boris] = [await newPerson('Anna Sounds'), await newPerson('Boris Sounds')]
    const chatId = await newDirect(anna, boris)
    const lines = async () => {
      for (let count = 0; count < 20; count++) await send(boris, chatId, `a word between, number ${count}`)
    }
    await lines()
    const file = { name: 'song.wav', bytes: tone(60) }
    const { seq } = await sendFiles(installation, boris, { chatId, files: [file] })
    const spoken = { name: 'voice.wav', bytes: tone(50), durationMs: 50_000 }
    await sendFiles(installation, boris, { chatId, files: [spoken], voice: true })
    await lines()
    // What the worker finds out changes how they look.
    await expect
      .poll(async () => {
        const { messages } = await boris.api.messages.history.query({ chatId, limit: 100 })
        return messages.flatMap(({ files = [] }) => files).filter(({ waveform }) => waveform !== null).length
      })
      .toBe(2)
    const device = await openDevice(installation, { account: anna, width: 1440, height: 900 })
    const { page } = device
    await device.goto(`/chats/${chatId}?message=${seq}`)
    const [song, voice] = [voices(page, 'song.wav'), voices(page, 'Voice message from Boris Sounds')]
    const places = async () => {
      const boxes = [song, voice].flatMap((each) => [each, each.getByRole('slider')]).map((each) => each.boundingBox())
      return (await Promise.all(boxes)).map((box) => [box?.y, box?.width].map((px) => Math.round(px ?? -1)))
    }
    await waitUntilVisible(play(voice))
    await expect.poll(() => message(page, 'song.wav').getAttribute('aria-current')).toBe('true')
    const before = await places()
    await play(voice).click()
    const player = page.getByRole('region', { name: 'Player' })
    await waitUntilVisible(player)
    await expect.poll(places).toEqual(before)
    await button(player, 'Close the player').click()
    await waitUntilHidden(player)
    await expect.poll(places).toEqual(before)

    await button(await openDetails(page), 'Shared files').click()
    const gallery = page.getByRole('dialog', { name: 'Shared files' })
    await gallery.getByRole('tab', { name: 'Files' }).click()
    await button(gallery, 'Play: song.wav').click()
    await waitUntilVisible(button(gallery, 'Pause: song.wav'))
    await gallery.getByRole('tab', { name: 'Voice' }).click()
    await gallery.getByRole('button', { name: /^Play: Boris Sounds/ }).click()
    await waitUntilVisible(gallery.getByRole('button', { name: /^Pause: Boris Sounds/ }))
    expect(await axeFindings(page)).toEqual([])
    await gallery.getByRole('button', { name: /Boris Sounds.*Go to message/ }).click()
    await waitUntilHidden(gallery)
  },
)
