import { afterAll, describe, expect, it } from 'vitest'
import { anotherSession, newAccount, newDirect, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { atTheDoor, inCall, moves, patience, receives, tile } from './media/callers.ts'
import { networkTrouble } from './browser/Witness.ts'
import { newCut } from './media/new-cut.ts'
import { controls } from './screens/calls.ts'
import { button, gone, press, seen } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
afterAll(() => house.stop())

describe('in a call', () => {
  it('two people see and hear each other, and then three', async () => {
    const dialogId = await newGroup(anna, 'Harbour house', [boris, clara])
    const hers = await inCall(house, anna, dialogId)
    const his = await inCall(house, boris, dialogId)
    await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
    await seen(tile(hers.page, 'Boris Petrov').locator('video'))

    const theirs = await inCall(house, clara, dialogId)
    await Promise.all([hers, his, theirs].map(({ page }) => receives(page, { pictures: 2, voices: 2 })))
    await press(theirs.page, 'Leave')
    await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  })

  it('whoever is muted and has the camera off sends nothing at all', async () => {
    const dialogId = await newDirect(anna, boris)
    const hers = await inCall(house, anna, dialogId)
    const his = await inCall(house, boris, dialogId)
    await receives(hers.page, { pictures: 1, voices: 1 })
    await press(his.page, 'Mute microphone')
    await press(his.page, 'Turn camera off')
    await seen(tile(hers.page, 'Boris Petrov').getByRole('img', { name: 'Microphone off' }))
    await expect.poll(() => moves(hers.page), patience).toEqual({ pictures: 0, voices: 0, inBytes: 0 })
    await press(controls(his.page), 'Unmute microphone')
    await press(controls(his.page), 'Turn camera on')
    await receives(hers.page, { pictures: 1, voices: 1 })
  })

  it('a screen is shared with its sound', async () => {
    const dialogId = await newDirect(anna, clara)
    const hers = await inCall(house, anna, dialogId)
    const theirs = await inCall(house, clara, dialogId)
    await receives(hers.page, { pictures: 1, voices: 1 })
    await press(theirs.page, 'Share screen')
    await receives(hers.page, { pictures: 2, voices: 2 })
    await press(controls(theirs.page), 'Stop sharing')
    await receives(hers.page, { pictures: 1, voices: 1 })
  })
})

describe('a seat', () => {
  it('is found again after the page was loaded anew', async () => {
    const dialogId = await newDirect(boris, clara)
    const his = await inCall(house, boris, dialogId)
    const theirs = await inCall(house, clara, dialogId)
    await receives(his.page, { pictures: 1, voices: 1 })
    await his.page.reload()
    await seen(button(his.page, 'Leave'), patience.timeout)
    await Promise.all([his, theirs].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  })

  it('is taken over by another device, and taken back', async () => {
    const dialogId = await newGroup(anna, 'Tea at four', [boris])
    const hers = await inCall(house, anna, dialogId)
    const his = await inCall(house, boris, dialogId)
    await receives(hers.page, { pictures: 1, voices: 1 })
    const other = await inCall(house, await anotherSession(house, boris), dialogId)
    await seen(his.page.getByText('The call moved to another tab or device'), patience.timeout)
    await receives(hers.page, { pictures: 1, voices: 1 })
    await press(his.page, 'Take it back')
    await seen(other.page.getByText('The call moved to another tab or device'), patience.timeout)
    await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
  })
})

const troubled = /The line to the call is lost|Sound and picture are interrupted|The call was interrupted/

describe('a network that is cut for ten seconds', () => {
  it('is a hiccup: both sides see it, and it mends itself', async () => {
    const dialogId = await newGroup(anna, 'By the sea', [boris])
    const cut = await newCut(house.nodes[0]?.media ?? 0)
    const hers = await inCall(house, anna, dialogId)
    const his = await inCall(house, boris, dialogId, { cut })
    his.witness.expect(networkTrouble)
    await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
    cut.cut()
    const since = performance.now()
    await seen(tile(hers.page, 'Boris Petrov').getByRole('img', { name: 'Away' }), patience.timeout)
    await seen(his.page.getByText(troubled), patience.timeout)
    await new Promise((resolve) => setTimeout(resolve, 10_000 - (performance.now() - since)))
    cut.mend()
    await Promise.all([hers, his].map(({ page }) => receives(page, { pictures: 1, voices: 1 })))
    await expect.poll(() => tile(hers.page, 'Boris Petrov').getByRole('img', { name: 'Away' }).count()).toBe(0)
    await gone(his.page.getByText(troubled), patience.timeout)
  })
})

it('nobody has to have a microphone or a camera', async () => {
  const dialogId = await newGroup(anna, 'Listeners', [boris])
  const hers = await inCall(house, anna, dialogId)
  const his = await atTheDoor(house, boris, dialogId)
  await his.page.getByRole('switch', { name: 'Microphone' }).click()
  await his.page.getByRole('switch', { name: 'Camera' }).click()
  await press(his.page, 'Join now')
  await receives(his.page, { pictures: 1, voices: 1 })
  await expect.poll(() => moves(hers.page), patience).toEqual({ pictures: 0, voices: 0, inBytes: 0 })
})
