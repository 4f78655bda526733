import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { moves, patience, receive, receives } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { type Stream, streams } from './media/figures.ts'
import { controls, isInCall, isSeen, mark, participants, tile } from './screens/calls.ts'
import { gone, link, press, seen } from './screens/controls.ts'
import { findings } from './screens/findings.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Harbour house', [boris, clara])
afterAll(() => house.stop())
const company = new Company(house)
company.equip(clara, { camera: { width: 1280, height: 720, frameRate: 10 } })

describe('what is sent', () => {
  it('is a camera in three sizes, and a screen twice in full size: one of them stills within 250 kbit/s', async () => {
    const [hers, { page }] = await company.two(chatId, anna, clara)
    const widths = async () => (await sent(page)).map(({ width }) => width).toSorted((a, b) => a - b)
    await expect.poll(widths, patience).toEqual([320, 640, 1280])
    await press(page, 'Turn camera off')
    await press(page, 'Share screen')
    await receives(hers.page, { pictures: 1, voices: 2 })
    const stills = async () => (await screenOf(page))[0] ?? { frames: 0, bytes: 0 }
    await expect.poll(async () => (await stills()).frames, patience).toBeGreaterThan(2)
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
    await company.close(clara)
  })
})

describe('whoever reads a chat meanwhile', () => {
  it('gets no pictures, goes on speaking, and has them back at once', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    await link(hers.page, 'To the chat').click()
    await expect.poll(() => moves(hers.page), patience).toMatchObject({ pictures: 0, voices: 1 })
    expect(await findings(hers)).toEqual([])
    const muted = mark(tile(his.page, 'Anna Lindqvist'), 'Microphone off')
    await press(hers.page, 'Mute microphone')
    await seen(muted)
    await press(hers.page, 'Unmute microphone')
    await gone(muted)
    await link(hers.page, 'Return to call').click()
    await isInCall(hers.page)
    await isSeen(hers.page, 'Boris Petrov')
    await receive([hers, his], { pictures: 1, voices: 1 })
  })

  it('or looks at another tab gets none after five seconds, and has them back at once', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    const since = performance.now()
    await turn(hers.page, 'hidden')
    await expect.poll(() => moves(hers.page), patience).toMatchObject({ pictures: 0, voices: 1 })
    // And a second in which there were none.
    expect(performance.now() - since).toBeGreaterThan(5_000 + 1_000)
    await turn(hers.page, 'visible')
    await receive([hers, his], { pictures: 1, voices: 1 })
  })
})

describe('the layout', () => {
  it('is a grid, a speaker or the screen, as one chooses, and a screen comes to the front by itself', async () => {
    const [{ page }, his] = await company.two(chatId, anna, boris)
    const width = async (name: string) => (await tile(page, name).boundingBox())?.width ?? 0
    await choose(page, 'Speaker')
    await expect.poll(async () => (await width('Boris Petrov')) > 2 * (await width('Anna Lindqvist'))).toBe(true)
    await isSeen(page, 'Boris Petrov')
    await press(tile(page, 'Anna Lindqvist'), 'Options for Anna Lindqvist')
    await page.getByRole('menuitem', { name: 'Show large' }).click()
    await expect.poll(async () => (await width('Anna Lindqvist')) > 2 * (await width('Boris Petrov'))).toBe(true)
    await choose(page, 'Grid')
    await expect.poll(async () => (await width('Anna Lindqvist')) === (await width('Boris Petrov'))).toBe(true)

    await press(his.page, 'Share screen')
    const screen = participants(page).getByRole('group', { name: 'Screen: Boris Petrov' })
    await seen(screen)
    const large = async () => ((await screen.boundingBox())?.width ?? 0) > 2 * (await width('Boris Petrov'))
    await expect.poll(large).toBe(true)
    await choose(page, 'Grid')
    await expect.poll(large).toBe(false)
    await choose(page, 'Screen')
    await expect.poll(large).toBe(true)
    await press(controls(his.page), 'Stop sharing')
    await gone(screen)
    await isSeen(page, 'Boris Petrov')
  })
})

/** As when another tab is looked at. A browser without a window never says so by itself. */
function turn(page: Page, state: DocumentVisibilityState): Promise<void> {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

async function choose(page: Page, name: string): Promise<void> {
  await press(page, 'Layout')
  await page
    .getByRole('menuitemradio', { name, exact: true })
    .or(page.getByRole('menuitem', { name, exact: true }))
    .click()
}

async function sent(page: Page): Promise<Stream[]> {
  return (await streams(page)).filter(({ direction, kind }) => direction === 'out' && kind === 'video')
}

/** What is sent of the shared screen: of what is sent, it was begun last. */
async function screenOf(page: Page): Promise<Stream[]> {
  const all = await sent(page)
  const line = ({ id }: Stream) => Number(id.split(' ')[1])
  const last = Math.max(...all.map(line))
  return all.filter((stream) => line(stream) === last).sort((a, b) => (a.rid ?? '').localeCompare(b.rid ?? ''))
}
