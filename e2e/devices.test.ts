import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { openDevice } from './browser/Device.ts'
import { newDirect, newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { CallBrowsers } from './media/CallBrowsers.ts'
import { goToPrejoin, waitForMedia } from './media/caller.ts'
import { waitUntilInCall, mark, tile } from './screens/call.ts'
import { button, waitUntilHidden, clickButton, waitUntilVisible } from './screens/controls.ts'

const anna = await newPerson('Anna Device')
const boris = await newPerson('Boris Device')
const chatId = await newGroup(anna, 'Sound check', [boris])
const browsers = new CallBrowsers(installation)
browsers.configure(boris, { script: recordRequests })

declare global {
  /** What the pages of these tests have requested from the browser. */
  var requested: { tracks: MediaStreamTrack[]; players: Set<HTMLMediaElement>; locks: number }
}

test('a person without a microphone and a camera is told what to do and may join, and Call begins an audio call: nobody comes with a picture, and both may turn it on', async () => {
  const direct = await newDirect(anna, boris)
  const device = await openDevice(installation, { account: anna })
  await device.addInitScript(() => {
    // An empty page of Firefox has no devices.
    const devices: Partial<MediaDevices> = navigator.mediaDevices ?? {}
    devices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
  })
  const { page } = device
  const camera = (of: Page) => of.getByRole('switch', { name: 'Camera', exact: true })
  await device.goto(`/chats/${direct}`)
  await clickButton(page, 'Video call')
  await waitUntilVisible(page.getByText('The browser does not let Veche use the microphone.'))
  await waitUntilVisible(page.getByText('The browser does not let Veche use the camera.'))
  await waitUntilVisible(page.getByText('You can join without a microphone and camera'))
  await device.goto(`/chats/${direct}`)
  await clickButton(page, 'Call')
  await waitUntilVisible(page.getByRole('heading', { name: 'Boris Device' }))
  await waitUntilVisible(page.getByText('New audio call'))
  await expect.poll(() => camera(page).getAttribute('aria-checked')).toBe('false')
  await clickButton(page, 'Join now')
  await waitUntilInCall(page)
  await waitUntilVisible(mark(tile(page, 'Anna Device'), 'Camera off'))

  const called = await browsers.device(boris)
  await called.goto(`/chats/${direct}`)
  const banner = called.page.getByRole('region', { name: 'An audio call is in progress in this chat' })
  await button(banner, 'Join').click()
  await waitUntilVisible(button(called.page, 'Cancel'))
  await waitUntilVisible(called.page.getByRole('main').getByText('Audio call in progress'))
  await clickButton(called.page, 'Join now')
  await waitUntilInCall(called.page)
  await waitUntilVisible(mark(tile(page, 'Boris Device'), 'Camera off'))
  const opened = () => called.page.evaluate(() => globalThis.requested.tracks.map(({ kind }) => kind))
  await expect.poll(opened).toEqual(['audio'])
  await clickButton(called.page, 'Turn camera on')
  await waitUntilHidden(mark(tile(page, 'Boris Device'), 'Camera off'))
  await clickButton(called.page, 'Leave')
  await waitUntilVisible(called.page.getByRole('heading', { name: 'You left the call' }))
  await clickButton(page, 'Leave')
  // Also for a person who left while somebody was in it.
  for (const one of [page, called.page])
    await waitUntilVisible(one.getByRole('heading', { name: 'The call has ended' }))
  await clickButton(page, 'To the chat')
  await waitUntilVisible(button(page, 'Video call'))
  await page.goBack()
  expect(page.url()).toBe(`${installation.url}/chats/${direct}`)
})

// Without hardware for sound Firefox plays nothing: it lists no speakers, and its AudioContext never runs.
test.skipIf(browserOfRun() === 'firefox')(
  'the level moves with the microphone, sound plays on the chosen speaker, also after a reload, and the screen stays on during a call',
  async () => {
    await browsers.inCall(chatId, anna)
    const { page } = await beforeCall()
    expect(await page.evaluate(() => globalThis.requested.locks)).toBe(0)
    const level = page.getByRole('meter', { name: 'Microphone level' })
    await expect.poll(async () => Number(await level.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
    const first = await chooseSpeaker(page, 1)
    await clickButton(page, 'Play a test sound')
    await expect.poll(() => usedSpeakers(page)).toEqual([first])
    await waitUntilVisible(button(page, 'Play a test sound'))

    await clickButton(page, 'Join now')
    await waitForMedia(page, { pictures: 1, voices: 1 })
    await expect.poll(() => usedSpeakers(page)).toEqual([first])
    await expect.poll(() => page.evaluate(() => globalThis.requested.locks)).toBe(1)
    await clickButton(page, 'More')
    await page.getByRole('menuitem', { name: 'Sound and video' }).click()
    const second = await chooseSpeaker(page, 2)
    expect(second).not.toBe(first)
    await expect.poll(() => usedSpeakers(page)).toEqual([second])
    await page.reload()
    await waitUntilInCall(page)
    await waitForMedia(page, { pictures: 1, voices: 1 })
    await expect.poll(() => usedSpeakers(page)).toEqual([second])
    await clickButton(page, 'Leave')
    await expect.poll(() => page.evaluate(() => globalThis.requested.locks)).toBe(0)
  },
)

test('a camera or microphone that the system takes is shown to both sides, and comes back by itself, or when the page is looked at again', async () => {
  const [herDevice, { page }] = await browsers.two(chatId, anna, boris)
  const hisDevice = tile(herDevice.page, 'Boris Device')
  await muteBySystem(page, 'video', true)
  await waitUntilVisible(page.getByText('The system has stopped the camera.'))
  await waitUntilVisible(mark(hisDevice, 'Camera off'))
  await muteBySystem(page, 'video', false)
  await waitUntilHidden(page.getByText('The system has stopped the camera.'))
  await waitForMedia(herDevice.page, { pictures: 1, voices: 1 })

  await muteBySystem(page, 'audio', true)
  await waitUntilVisible(page.getByText('The system has muted the microphone'))
  for (const one of [hisDevice, tile(page, 'Boris Device')]) await waitUntilVisible(mark(one, 'No microphone'))
  await waitForMedia(herDevice.page, { pictures: 1, voices: 0 })
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await waitUntilHidden(page.getByText('The system has muted the microphone'))
  await waitForMedia(herDevice.page, { pictures: 1, voices: 1 })
  await waitUntilHidden(mark(hisDevice, 'No microphone'))
})

async function beforeCall() {
  const device = await browsers.device(boris)
  // A tab that is in a call would come back to it.
  const leave = button(device.page, 'Leave')
  if (await leave.isVisible()) await leave.click()
  await goToPrejoin(device, chatId)
  return device
}

function recordRequests(): void {
  globalThis.requested = { tracks: [], players: new Set(), locks: 0 }
  const { mediaDevices, wakeLock } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted)
    globalThis.requested.tracks.push(...stream.getTracks())
    return stream
  }
  const request = wakeLock.request.bind(wakeLock)
  wakeLock.request = async (type) => {
    const lock = await request(type)
    globalThis.requested.locks += 1
    lock.addEventListener('release', () => (globalThis.requested.locks -= 1))
    return lock
  }
  const play = HTMLMediaElement.prototype.play
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement) globalThis.requested.players.add(this)
    return play.call(this)
  }
}

/** Mutes the tracks of a kind, as the system does during a telephone call. */
function muteBySystem(page: Page, kind: 'audio' | 'video', muted: boolean): Promise<void> {
  return page.evaluate(
    ([which, value]) => {
      for (const track of globalThis.requested.tracks.filter(
        (one) => one.kind === which && one.readyState === 'live',
      )) {
        Object.defineProperty(track, 'muted', { value, configurable: true })
        track.dispatchEvent(new Event(value ? 'mute' : 'unmute'))
      }
    },
    [kind, muted] as const,
  )
}

/** Chooses a speaker by its index in the list, and returns its id. */
async function chooseSpeaker(page: Page, index: number): Promise<string> {
  const list = page.getByRole('combobox', { name: 'Speaker device' })
  await expect.poll(() => list.locator('option').count()).toBeGreaterThan(index)
  const label = await list.locator('option').nth(index).textContent()
  await list.selectOption({ index })
  return page.evaluate(async (wanted) => {
    const all = await navigator.mediaDevices.enumerateDevices()
    return all.find((device) => device.kind === 'audiooutput' && device.label === wanted)?.deviceId ?? ''
  }, label)
}

/** The speakers of everything that plays sound. */
function usedSpeakers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const playing = [...globalThis.requested.players].filter(({ srcObject }) => srcObject !== null)
    return [...new Set(playing.map(({ sinkId }) => sinkId))]
  })
}
