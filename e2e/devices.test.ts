import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { goToDoor, moves, openCaller, patience, receive, receives } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { isInCall, mark, tile } from './screens/calls.ts'
import { button, gone, press, seen } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Sound check', [boris, clara])
afterAll(() => house.stop())
const company = new Company(house)
company.equip(boris, { script: watchMachine })

declare global {
  /** What the pages of these tests have asked the machine for. */
  var asked: { tracks: MediaStreamTrack[]; players: Set<HTMLMediaElement>; locks: number }
}

describe('at the door of a call', () => {
  it('the level moves with the microphone, and the test sound plays on the chosen speaker', async () => {
    const { page } = await atTheDoor()
    const level = page.getByRole('meter', { name: 'Microphone level' })
    await expect.poll(async () => Number(await level.getAttribute('aria-valuenow')), patience).toBeGreaterThan(0)
    const chosen = await chooseSpeaker(page, 1)
    await press(page, 'Play a test sound')
    await expect.poll(() => sinks(page)).toEqual([chosen])
    await seen(button(page, 'Play a test sound'))
  })
})

describe('in a call', () => {
  it('the others are heard on the chosen speaker, also after another choice and after a reload', async () => {
    await company.inCall(chatId, anna)
    const { page } = await atTheDoor()
    const first = await chooseSpeaker(page, 1)
    await press(page, 'Join now')
    await receives(page, { pictures: 1, voices: 1 })
    await expect.poll(() => sinks(page)).toEqual([first])

    await press(page, 'More')
    await page.getByRole('menuitem', { name: 'Sound and video' }).click()
    const second = await chooseSpeaker(page, 2)
    expect(second).not.toBe(first)
    await expect.poll(() => sinks(page)).toEqual([second])

    await page.reload()
    await isInCall(page)
    await receives(page, { pictures: 1, voices: 1 })
    await expect.poll(() => sinks(page)).toEqual([second])
  })

  it('the screen stays on, and may sleep again afterwards', async () => {
    const { page } = await atTheDoor()
    expect(await page.evaluate(() => globalThis.asked.locks)).toBe(0)
    await press(page, 'Join now')
    await isInCall(page)
    await expect.poll(() => page.evaluate(() => globalThis.asked.locks)).toBe(1)
    await press(page, 'Leave')
    await expect.poll(() => page.evaluate(() => globalThis.asked.locks)).toBe(0)
  })

  it('what the system takes is said to both sides, and comes back by itself, or when the page is looked at again', async () => {
    const [hers, { page }] = await company.two(chatId, anna, boris)
    const his = tile(hers.page, 'Boris Petrov')

    await system(page, 'video', true)
    await seen(page.getByText('The system has stopped the camera.'))
    await seen(mark(his, 'Camera off'))
    await system(page, 'video', false)
    await gone(page.getByText('The system has stopped the camera.'))
    await receives(hers.page, { pictures: 1, voices: 1 })

    await system(page, 'audio', true)
    await seen(page.getByText('The system has muted the microphone'))
    for (const one of [his, tile(page, 'Boris Petrov')]) await seen(mark(one, 'No microphone'))
    await expect.poll(() => moves(hers.page), patience).toMatchObject({ pictures: 1, voices: 0 })
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
    await gone(page.getByText('The system has muted the microphone'))
    await receives(hers.page, { pictures: 1, voices: 1 })
    await gone(mark(his, 'No microphone'))
  })

  it('a microphone and a camera out of which nothing comes are noticed on both sides, and opened anew with a tap each', async () => {
    await company.close(boris)
    const [hers] = await company.inCall(chatId, anna)
    const theirs = await openCaller(house, clara, { dead: true })
    const { page } = theirs
    await goToDoor(theirs, chatId)
    await press(page, 'Join now')
    const frozen = tile(hers.page, 'Clara Rossi').getByText('The picture stands still')
    await seen(frozen, patience.timeout)
    await seen(page.getByText('Nothing comes out of your microphone.'), patience.timeout)
    await press(page, 'Restart the microphone')
    await seen(page.getByText('Your camera stands still.'), patience.timeout)
    await press(page, 'Restart the camera')
    await receive([hers, theirs], { pictures: 1, voices: 1 })
    await gone(page.getByText(/Nothing comes out|stands still/), patience.timeout)
    await gone(frozen, patience.timeout)
  })
})

async function atTheDoor() {
  const device = await company.device(boris)
  // Whoever is in a call comes back to it by themselves.
  const leave = button(device.page, 'Leave')
  if (await leave.isVisible()) await leave.click()
  await goToDoor(device, chatId)
  return device
}

function watchMachine(): void {
  globalThis.asked = { tracks: [], players: new Set(), locks: 0 }
  const { mediaDevices, wakeLock } = navigator
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted)
    globalThis.asked.tracks.push(...stream.getTracks())
    return stream
  }
  const request = wakeLock.request.bind(wakeLock)
  wakeLock.request = async (type) => {
    const lock = await request(type)
    globalThis.asked.locks += 1
    lock.addEventListener('release', () => (globalThis.asked.locks -= 1))
    return lock
  }
  const play = HTMLMediaElement.prototype.play
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement) globalThis.asked.players.add(this)
    return play.call(this)
  }
}

/** As when a telephone call takes it, or lets go of it. */
function system(page: Page, kind: 'audio' | 'video', muted: boolean): Promise<void> {
  return page.evaluate(
    ([which, value]) => {
      for (const track of globalThis.asked.tracks.filter((one) => one.kind === which && one.readyState === 'live')) {
        Object.defineProperty(track, 'muted', { value, configurable: true })
        track.dispatchEvent(new Event(value ? 'mute' : 'unmute'))
      }
    },
    [kind, muted] as const,
  )
}

/** Answers the id of the speaker at this place of the list. */
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

/** Where sound goes: the speakers of everything that plays any. */
function sinks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const playing = [...globalThis.asked.players].filter(({ srcObject }) => srcObject !== null)
    return [...new Set(playing.map(({ sinkId }) => sinkId))]
  })
}
