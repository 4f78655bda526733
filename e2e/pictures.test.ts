import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { inCall, moves, patience, receives, tile } from './media/callers.ts'
import { type Stream, streams } from './media/figures.ts'
import { controls, isSeen, mark, participants } from './screens/calls.ts'
import { gone, link, press, seen } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
afterAll(() => house.stop())

async function two(title: string, camera = { width: 320, height: 180, frameRate: 8 }) {
  const dialogId = await newGroup(anna, title, [boris])
  const hers = await inCall(house, anna, dialogId)
  const his = await inCall(house, boris, dialogId, { camera })
  await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  return { hers: hers.page, his: his.page }
}

describe('what is sent', () => {
  it('is a camera in three sizes, and a screen twice in full size: one of them stills within 250 kbit/s', async () => {
    const { hers, his } = await two('Sizes', { width: 1280, height: 720, frameRate: 10 })
    const widths = async () => (await sent(his)).map(({ width }) => width).toSorted((a, b) => a - b)
    await expect.poll(widths, patience).toEqual([320, 640, 1280])
    await press(his, 'Turn camera off')
    await press(his, 'Share screen')
    await receives(hers, { pictures: 1, voices: 2 })
    await expect.poll(async () => (await screenOf(his))[0]?.frames ?? 0, patience).toBeGreaterThan(2)
    const since = performance.now()
    const [before] = await screenOf(his)
    await his.waitForTimeout(10_000)
    const [after] = await screenOf(his)
    const seconds = (performance.now() - since) / 1000
    const [frames, bytes] = [after!.frames - before!.frames, after!.bytes - before!.bytes]
    expect(frames).toBeGreaterThan(0)
    // One frame more may fall into the time than its rate says, and the rate is held on the average.
    expect(frames).toBeLessThanOrEqual(2 * seconds + 1)
    expect((bytes * 8) / seconds).toBeLessThan(250_000 * 1.2)
    const sizes = (await screenOf(his)).filter(({ frames }) => frames > 0).map(({ width }) => width)
    expect(new Set(sizes).size).toBe(1)
  })
})

describe('what is received', () => {
  it('are the pictures on the screen: none while one reads a chat, and they are back at once', async () => {
    const { hers, his } = await two('Out of sight')
    await link(hers, 'To the chat').click()
    await expect.poll(() => moves(hers), patience).toMatchObject({ pictures: 0, voices: 1 })
    await link(hers, 'Return to call').click()
    await receives(hers, { pictures: 1, voices: 1 })
    await receives(his, { pictures: 1, voices: 1 })
  })
})

describe('the layout', () => {
  it('is a grid, a speaker or the screen, as one chooses, and a screen comes to the front by itself', async () => {
    const { hers, his } = await two('Layouts')
    const width = async (name: string) => (await tile(hers, name).boundingBox())?.width ?? 0
    await choose(hers, 'Speaker')
    await expect.poll(async () => (await width('Boris Petrov')) > 2 * (await width('Anna Lindqvist'))).toBe(true)
    await isSeen(hers, 'Boris Petrov')
    await press(tile(hers, 'Anna Lindqvist'), 'Options for Anna Lindqvist')
    await hers.getByRole('menuitem', { name: 'Show large' }).click()
    await expect.poll(async () => (await width('Anna Lindqvist')) > 2 * (await width('Boris Petrov'))).toBe(true)
    await choose(hers, 'Grid')
    await expect.poll(async () => (await width('Anna Lindqvist')) === (await width('Boris Petrov'))).toBe(true)

    await press(his, 'Share screen')
    const screen = participants(hers).getByRole('group', { name: 'Screen: Boris Petrov' })
    await seen(screen)
    const large = async () => ((await screen.boundingBox())?.width ?? 0) > 2 * (await width('Boris Petrov'))
    await expect.poll(large).toBe(true)
    await choose(hers, 'Grid')
    await expect.poll(large).toBe(false)
    await choose(hers, 'Screen')
    await expect.poll(large).toBe(true)
    await press(controls(his), 'Stop sharing')
    await gone(screen)
    await isSeen(hers, 'Boris Petrov')
  })
})

describe('whoever closes the tab', () => {
  it('has left: the others see nobody there, and not somebody away', async () => {
    const { hers, his } = await two('Closed')
    await his.close({ runBeforeUnload: false })
    await gone(tile(hers, 'Boris Petrov'))
    await expect.poll(() => mark(participants(hers), 'Away').count()).toBe(0)
    await seen(hers.getByText('Nobody else is here yet.'))
  })
})

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
