import type { ChatId } from '@veche/shared/ids'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { HideableTab } from './browser/HideableTab.ts'
import { type Account, newDirect } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { button, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'
import { axeFindings, overflowing } from './screens/findings.ts'
import { draft, recordFor, recording, startRecording, unheard, voices } from './screens/voice.ts'

async function findingsOf(page: Page): Promise<string[]> {
  return [...(await axeFindings(page)), ...(await overflowing(page))]
}

const timer = `document.querySelector('[role=timer]')`

/** The voice messages that were sent, and how many seconds they say they last and are heard. */
async function lengthsOf(tab: HideableTab, who: Account, chatId: ChatId): Promise<{ told: number; heard: number }[]> {
  const { messages } = await who.api.messages.history.query({ chatId, limit: 10 })
  const lengths = messages
    .flatMap(({ files = [] }) => files)
    .map(async ({ id, durationMs }) => {
      const heard = await tab.evaluate<number>(`(async () => {
        const bytes = await (await fetch('/api/files/${id}')).arrayBuffer()
        return (await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes)).duration
      })()`)
      return { told: durationMs! / 1_000, heard }
    })
  return Promise.all(lengths)
}

test('a recording goes on while its page is hidden and even frozen, and has its true length', async () => {
  const [anna, boris] = [await newPerson('Anna Hidden'), await newPerson('Boris Hidden')]
  const chatId = await newDirect(anna, boris)
  const tab = await HideableTab.open(installation, anna, `/chats/${chatId}`)
  onTestFinished(() => tab.close())
  const seconds = () => tab.evaluate<number>(`Number(${timer}?.textContent.split(':')[1] ?? -1)`)
  await tab.press('Record voice message')
  await expect.poll(seconds).toBeGreaterThanOrEqual(1)
  await tab.hide()
  const whenHidden = await seconds()
  await expect.poll(seconds).toBeGreaterThanOrEqual(whenHidden + 3)
  expect(await tab.evaluate('document.visibilityState')).toBe('hidden')
  await tab.press('Send')
  await expect.poll(async () => (await lengthsOf(tab, anna, chatId)).length).toBe(1)

  await tab.press('Record voice message')
  await expect.poll(seconds).toBeGreaterThanOrEqual(2)
  await tab.evaluate(`void document.addEventListener('freeze', () => (window.frozenAt = Date.now()))`)
  await tab.evaluate(`void document.addEventListener('resume', () => (window.resumedAt = Date.now()))`)
  await tab.freeze()
  // Nothing in the page can be asked meanwhile.
  await boris.api.messages.history.query({ chatId, limit: 10 })
  await tab.unfreeze()
  await tab.waitUntil('window.resumedAt >= window.frozenAt')
  const whenResumed = await seconds()
  await expect.poll(seconds).toBeGreaterThanOrEqual(whenResumed + 2)
  await tab.show()
  await tab.press('Stop and listen')
  await tab.press('Play')
  await tab.waitUntil(`document.querySelector('button[aria-label="Pause"]')`)
  await tab.press('Send')
  await expect.poll(async () => (await lengthsOf(tab, anna, chatId)).length).toBe(2)
  for (const { told, heard } of await lengthsOf(tab, anna, chatId)) {
    expect(told).toBeGreaterThanOrEqual(4)
    expect(Math.abs(told - heard)).toBeLessThan(1)
  }
})

/** How many parts of what is recorded this device has stored. */
function storedParts(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)))
    const { name } = (await indexedDB.databases()).find((each) => each.name?.startsWith('veche-'))!
    const database = await done(indexedDB.open(name!))
    const count = await done(database.transaction('voiceParts').objectStore('voiceParts').count())
    database.close()
    return count
  })
}

const leave = {
  'is loaded again': ({ page }: Device) => page.reload().then(() => undefined),
  'is closed': async (device: Device, path: string) => {
    await device.page.close()
    await device.openTab(path)
  },
  dies: async (device: Device, path: string) => {
    await device.killTab()
    await device.openTab(path)
  },
}

test.each(Object.entries(leave))(
  'a recording whose tab %s is a draft that is heard and sent afterwards',
  async (_, act) => {
    const [anna, boris] = [await newPerson('Anna Leaves'), await newPerson('Boris Leaves')]
    const path = `/chats/${await newDirect(anna, boris)}`
    const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
    await device.goto(path)
    await startRecording(device.page)
    await expect.poll(() => storedParts(device.page)).toBeGreaterThanOrEqual(2)
    await act(device, path)
    const { page } = device
    await waitUntilVisible(draft(page))
    const told = await draft(page).getByRole('slider').getAttribute('aria-valuemax')
    expect(Number(told)).toBeGreaterThanOrEqual(1)
    await button(draft(page), 'Play').click()
    await waitUntilVisible(button(draft(page), 'Pause'))
    await button(draft(page), 'Send').click()
    await waitUntilVisible(voices(page, 'Your voice message'))
    await expect.poll(() => unheard(page).count()).toBe(1)
    await waitUntilHidden(draft(page))
    expect(await storedParts(page)).toBe(0)
  },
)

declare global {
  interface Window {
    recordedTrack: MediaStreamTrack
  }
}

test('a call that takes the microphone, and a permission that is taken back, keep what was recorded and say so', async () => {
  const [anna, boris] = [await newPerson('Anna Interrupted'), await newPerson('Boris Interrupted')]
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  await device.addInitScript(() => {
    const { mediaDevices } = navigator
    const open = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted)
      window.recordedTrack = stream.getAudioTracks()[0]!
      return stream
    }
  })
  const { page } = device
  await device.goto(`/chats/${await newDirect(anna, boris)}`)
  await startRecording(page)
  await recordFor(page, 1)
  // The system alone mutes a track; no Chromium of a test has a call beside it.
  await page.evaluate(() => window.recordedTrack.dispatchEvent(new Event('mute')))
  await waitUntilVisible(page.getByText('Another app uses the microphone'))
  expect(await button(recording(page), 'Go on recording').isDisabled()).toBe(true)
  expect(await findingsOf(page)).toEqual([])
  await page.evaluate(() => window.recordedTrack.dispatchEvent(new Event('unmute')))
  await waitUntilHidden(page.getByText('Another app uses the microphone'))
  await button(recording(page), 'Go on recording').click()
  await recordFor(page, 2)

  const session = await page.context().newCDPSession(page)
  const { browserContextId = '' } = (await session.send('Target.getTargetInfo')).targetInfo
  const permission = { permission: { name: 'microphone' }, origin: installation.url, browserContextId }
  await session.send('Browser.setPermission', { ...permission, setting: 'denied' })
  await waitUntilVisible(page.getByText('The microphone is gone. What was recorded is kept.'))
  await waitUntilVisible(draft(page))
  expect(await findingsOf(page)).toEqual([])
  await button(draft(page), 'Send').click()
  await waitUntilVisible(voices(page, 'Your voice message'))
  await session.send('Browser.resetPermissions', { browserContextId })
  await session.detach()
})
