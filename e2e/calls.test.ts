import { afterAll, describe, expect, it } from 'vitest'
import { newAccount, newGroup, newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { goToDoor, moves, patience, receive, receives } from './media/callers.ts'
import { Company } from './media/Company.ts'
import { streams } from './media/figures.ts'
import { controls, mark, tile } from './screens/calls.ts'
import { button, gone, press, seen, textbox } from './screens/controls.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Harbour house', [boris, clara])
afterAll(() => house.stop())
const company = new Company(house)

const nothing = { pictures: 0, voices: 0, inBytes: 0 }

describe('in a call', () => {
  it('two people see and hear each other, and then three; sound repairs itself and is silent when nobody speaks', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    await seen(tile(hers.page, 'Boris Petrov').locator('video'))
    const sound = (await streams(hers.page)).filter(({ kind }) => kind === 'audio')
    const formats = (wanted: 'in' | 'out') =>
      sound.filter(({ direction }) => direction === wanted).map(({ format }) => format.split(';'))
    expect(formats('out')).toEqual([expect.arrayContaining(['useinbandfec=1', 'usedtx=1'])])
    expect(formats('in')).toEqual([expect.arrayContaining(['useinbandfec=1'])])

    const [theirs] = await company.inCall(chatId, clara)
    await receive([hers, his, theirs], { pictures: 2, voices: 2 })
    await press(theirs.page, 'Leave')
    await receive([hers, his], { pictures: 1, voices: 1 })
  })

  it('nobody has to have a microphone or a camera: without them nothing at all is sent', async () => {
    const two = await company.two(chatId, anna, boris)
    const theirs = await company.device(clara)
    const { page } = theirs
    await goToDoor(theirs, chatId)
    for (const name of ['Microphone', 'Camera']) await page.getByRole('switch', { name, exact: true }).click()
    await press(page, 'Join now')
    await receives(page, { pictures: 2, voices: 2 })
    expect(await moves(page)).toMatchObject({ outBytes: 0 })
    for (const name of ['Microphone off', 'Camera off']) await seen(mark(tile(two[0].page, 'Clara Rossi'), name))
    await receive(two, { pictures: 1, voices: 1 })
    await press(page, 'Leave')
    await gone(tile(two[0].page, 'Clara Rossi'))
  })

  it('whoever is muted and has the camera off sends nothing at all, and is heard for as long as Space is held', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    const muted = mark(tile(hers.page, 'Boris Petrov'), 'Microphone off')
    await press(his.page, 'Turn camera off')
    await press(his.page, 'Mute microphone')
    await seen(muted)
    await expect.poll(() => moves(hers.page), patience).toMatchObject(nothing)

    // Wherever the mouse was last: it was on the button.
    await his.page.keyboard.down('Space')
    await gone(muted)
    await receives(hers.page, { pictures: 0, voices: 1 })
    await his.page.keyboard.up('Space')
    await seen(muted)
    await expect.poll(() => moves(hers.page), patience).toMatchObject(nothing)

    // But not while one writes.
    await press(his.page, 'Chat')
    await textbox(his.page, 'Message').fill('a')
    await his.page.keyboard.press('Space')
    expect(await textbox(his.page, 'Message').inputValue()).toBe('a ')
    await seen(button(his.page, 'Unmute microphone'))
    await textbox(his.page, 'Message').fill('')
    await press(controls(his.page), 'Chat')

    await press(controls(his.page), 'Unmute microphone')
    await press(controls(his.page), 'Turn camera on')
    await receives(hers.page, { pictures: 1, voices: 1 })
  })

  it('a screen is shared with its sound', async () => {
    const [hers, his] = await company.two(chatId, anna, boris)
    await press(his.page, 'Share screen')
    await receives(hers.page, { pictures: 2, voices: 2 })
    await press(controls(his.page), 'Stop sharing')
    await receives(hers.page, { pictures: 1, voices: 1 })
  })
})
