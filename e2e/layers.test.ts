import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { newAccount, newDirect, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { inCall, patience, receives } from './media/callers.ts'
import { type Stream, streams } from './media/figures.ts'
import { press } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
afterAll(() => house.stop())

describe('what a browser sends', () => {
  it('of a camera are three sizes, and of a screen sharp stills for slow lines beside all of its movement', async () => {
    const dialogId = await newDirect(anna, boris)
    const hers = await inCall(house, anna, dialogId, { camera: { width: 1280, height: 720, frameRate: 10 } })
    const his = await inCall(house, boris, dialogId)
    await receives(his.page, { pictures: 1, voices: 1 })
    await expect.poll(async () => widths(await sent(hers.page)), patience).toEqual([320, 640, 1280])

    await press(hers.page, 'Turn camera off')
    await press(hers.page, 'Share screen')
    await receives(his.page, { pictures: 1, voices: 2 })
    const seconds = 5
    const before = await sent(hers.page)
    await hers.page.waitForTimeout(seconds * 1_000)
    const [stills, full] = rates(before, await sent(hers.page), seconds)
    expect(stills?.width).toBe(full?.width)
    expect(stills?.frames).toBeGreaterThan(0.2)
    expect(stills?.frames).toBeLessThanOrEqual(2.5)
    expect(stills?.bits).toBeLessThanOrEqual(250_000)
    expect(full?.frames).toBeGreaterThan(2.5)
  })
})

async function sent(page: Page): Promise<Stream[]> {
  return (await streams(page)).filter(({ direction, kind }) => direction === 'out' && kind === 'video')
}

function widths(all: Stream[]): number[] {
  return all.map(({ width }) => width).toSorted((a, b) => a - b)
}

type Rate = { width: number; frames: number; bits: number }

/** Of the streams that move, the slower one first. */
function rates(before: Stream[], after: Stream[], seconds: number): Rate[] {
  const moving = after.map((stream) => {
    const was = before.find(({ id }) => id === stream.id)
    const frames = (stream.frames - (was?.frames ?? 0)) / seconds
    return { width: stream.width, frames, bits: ((stream.bytes - (was?.bytes ?? 0)) * 8) / seconds }
  })
  return moving.filter(({ frames }) => frames > 0).toSorted((a, b) => a.frames - b.frames)
}
