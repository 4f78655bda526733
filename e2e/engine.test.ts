import { afterAll, describe, expect, it } from 'vitest'
import { newCut } from './media/new-cut.ts'
import { type Flow, flow, streams } from './media/figures.ts'
import { type Person, Rig } from './media/Rig.ts'

const rig = await Rig.open(2)
afterAll(() => rig.close())

const patience = { timeout: 30_000, interval: 500 }

describe('two people', () => {
  it('are heard while muted for as long as the key is held', async () => {
    const anna = await rig.enter('Anna')
    const boris = await rig.enter('Boris')
    await receives(anna, { pictures: 1, voices: 1 })
    await boris.does('toggleMic')
    await receives(anna, { pictures: 1, voices: 0 })
    await boris.page.evaluate(() => globalThis.rig.call.holdToTalk(true))
    await receives(anna, { pictures: 1, voices: 1 })
    await boris.page.evaluate(() => globalThis.rig.call.holdToTalk(false))
    await receives(anna, { pictures: 1, voices: 0 })
    expect((await boris.shown()).mic.on).toBe(false)
  })
})

describe('a microphone and a camera out of which nothing comes', () => {
  it('are noticed on both sides, and opened anew with one tap each', async () => {
    const anna = await rig.enter('Anna')
    const boris = await rig.enter('Boris', { dead: true })
    await expect.poll(() => boris.shown(), patience).toMatchObject({ mic: { silent: true }, cam: { silent: true } })
    await expect.poll(() => tile(anna, 'Boris'), patience).toMatchObject({ camOn: true, frozen: true })
    for (const what of ['mic', 'cam'] as const) await boris.page.evaluate((it) => globalThis.rig.call.repair(it), what)
    await receives(anna, { pictures: 1, voices: 1 })
    await expect.poll(() => boris.shown(), patience).toMatchObject({ mic: { silent: false }, cam: { silent: false } })
    await expect.poll(() => tile(anna, 'Boris'), patience).toMatchObject({ frozen: false })
  })
})

describe('a network that is cut', () => {
  it('for media alone leads to new transports at the same place', async () => {
    const cut = await newCut(rig.mediaPorts[0] ?? 0)
    const anna = await rig.enter('Anna', { cut })
    const boris = await rig.enter('Boris')
    for (const person of [anna, boris]) await receives(person, { pictures: 1, voices: 1 })
    const joins = rig.asked.length
    cut.cutMedia()
    await expect.poll(async () => (await anna.shown()).trouble, patience).toBe('media')
    await expect.poll(() => anna.page.evaluate(() => globalThis.tapped.length), patience).toBeGreaterThan(2)
    cut.mend()
    for (const person of [anna, boris]) await receives(person, { pictures: 1, voices: 1 })
    await expect.poll(async () => (await anna.shown()).trouble, patience).toBeNull()
    expect(rig.asked).toHaveLength(joins)
  })
})

describe('a tab', () => {
  it('is the same one after it was loaded anew, and knows its call; a copy of it is another, and does not', async () => {
    const anna = await rig.enter('Anna')
    await expect.poll(() => anna.shown(), patience).toMatchObject({ phase: 'in' })
    const before = await anna.page.evaluate(() => globalThis.rig.returns())
    expect(before.meetingId).not.toBeNull()
    const copied = anna.page.context().waitForEvent('page')
    await anna.page.evaluate(() => void window.open(location.href))
    const copy = await copied
    await copy.waitForFunction(() => globalThis.rig)
    const theirs = await copy.evaluate(() => globalThis.rig.returns())
    expect(theirs.tab).not.toBe(before.tab)
    expect(theirs.meetingId).toBeNull()
    await anna.page.reload()
    expect(await anna.page.evaluate(() => globalThis.rig.returns())).toEqual(before)
  })

  it('has no call to go back to after it has left', async () => {
    const anna = await rig.enter('Anna')
    await anna.does('leave')
    expect(await anna.page.evaluate(() => globalThis.rig.returns())).toMatchObject({ meetingId: null })
  })
})

describe('a seat', () => {
  it('outlives a node that stops: everybody meets again at another', async () => {
    const boris = await rig.enter('Boris')
    const anna = await rig.enter('Anna')
    for (const person of [anna, boris]) await receives(person, { pictures: 1, voices: 1 })
    rig.place = 1
    await rig.nodes[0]?.close()
    for (const person of [anna, boris]) await receives(person, { pictures: 1, voices: 1 })
    for (const person of [anna, boris])
      expect(await person.shown()).toMatchObject({ phase: 'in', trouble: null, tiles: [{ me: true }, { away: false }] })
  })
})

async function tile(person: Person, name: string) {
  return (await person.shown()).tiles.find((each) => each.name === name)
}

/** What moves in a second. */
async function moves(person: Person): Promise<Flow> {
  const before = await streams(person.page)
  await person.page.waitForTimeout(1_000)
  return flow(before, await streams(person.page))
}

async function receives(person: Person, what: { pictures: number; voices: number }): Promise<void> {
  await expect.poll(() => moves(person), patience).toMatchObject(what)
}
