import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { contentOfDatabases } from './browser/storage.ts'
import { refused } from './browser/Witness.ts'
import { newAccount, newGroup, newOwner, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { chatInList, choose, composer, message, openChat, openDetails, write } from './screens/chats.ts'
import { fill, gone, press, seen } from './screens/controls.ts'

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
afterAll(() => house.stop())

describe('a member who is removed', () => {
  it('sees the chat go at that moment, and nothing of it stays on the device', async () => {
    const chatId = await newGroup(anna, 'Small secrets', [boris, clara])
    await say(anna, chatId, 'the parsnip is in the shed')
    const his = await openDevice(house, { account: boris })
    his.witness.expect(refused(404))
    await his.goto('/')
    await openChat(his.page, 'Small secrets')
    await seen(message(his.page, 'the parsnip'))
    await composer(his.page).fill('a draft about the parsnip')
    expect(await contentOfDatabases(his.page)).toMatch('parsnip')

    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await openDetails(hers.page)
    await choose(hers.page, 'Boris Petrov', 'Remove from group')
    await hers.page.getByRole('alertdialog').getByRole('button', { name: 'Remove from group' }).click()

    await gone(composer(his.page))
    await gone(chatInList(his.page, 'Small secrets'))
    await seen(his.page.getByText('This chat is not here'))
    await expect.poll(() => contentOfDatabases(his.page)).not.toMatch(/parsnip|Small secrets/)
    await say(anna, chatId, 'the parsnip has moved')
    await his.page.reload()
    await seen(his.page.getByText('This chat is not here'))
    expect(await contentOfDatabases(his.page)).not.toMatch(/parsnip|Small secrets/)
  })
})

describe('an owner who leaves', () => {
  it('hands over first when there is no other owner', async () => {
    const chatId = await newGroup(anna, 'Torch', [boris])
    const hers = await openDevice(house, { account: anna })
    hers.witness.expect(refused(422))
    await hers.goto(`/chats/${chatId}`)
    await openDetails(hers.page)
    await choose(hers.page, 'Torch', 'Leave')
    await press(hers.page.getByRole('alertdialog'), 'Leave')
    await seen(hers.page.getByText('You are the last owner'))
    await press(hers.page, 'Cancel')

    // The members are read anew after that, and its message is told as read; on their way while one leaves, both would be refused.
    const reread = hers.page.waitForResponse((answer) => answer.url().includes('chats.members'))
    const read = hers.page.waitForResponse((answer) => /"seq":2\b/.test(answer.request().postData() ?? ''))
    await choose(hers.page, 'Boris Petrov', 'Make owner')
    await reread
    await read
    await choose(hers.page, 'Torch', 'Leave')
    await press(hers.page.getByRole('alertdialog'), 'Leave')
    await gone(chatInList(hers.page, 'Torch'))
    const { members } = await boris.api.chats.members.query({ chatId, limit: 10 })
    expect(members.map(({ person, role }) => [person.name, role])).toEqual([['Boris Petrov', 'owner']])
  })
})

describe('somebody who is added', () => {
  it('reads what was written before', async () => {
    const chatId = await newGroup(anna, 'Open book', [boris])
    await say(anna, chatId, 'chapter one')
    const theirs = await openDevice(house, { account: clara })
    await theirs.goto('/')
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await openDetails(hers.page)
    await press(hers.page, 'Add people')
    const box = hers.page.getByRole('dialog', { name: 'Add people' })
    await box.getByText('Clara Rossi').click()
    await press(box, 'Add')
    await gone(box)
    await openChat(theirs.page, 'Open book')
    await seen(message(theirs.page, 'chapter one'))
  })

  it('reads only what is written from then on when the group says so', async () => {
    const chatId = await newGroup(anna, 'Fresh start', [boris])
    await say(anna, chatId, 'before your time')
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await openDetails(hers.page)
    await hers.page.getByRole('switch', { name: 'New members see earlier messages' }).click()
    await press(hers.page, 'Add people')
    const box = hers.page.getByRole('dialog', { name: 'Add people' })
    await box.getByText('Clara Rossi').click()
    await press(box, 'Add')
    await gone(box)
    await write(hers.page, 'in your time')

    const theirs = await openDevice(house, { account: clara })
    await theirs.goto(`/chats/${chatId}`)
    await seen(message(theirs.page, 'in your time'))
    expect(await message(theirs.page, 'before your time').count()).toBe(0)
    expect(await contentOfDatabases(theirs.page)).not.toMatch('before your time')
  })
})

describe('a group', () => {
  it('that is renamed has its new name with everybody at once', async () => {
    const chatId = await newGroup(anna, 'Working title', [boris])
    const his = await openDevice(house, { account: boris })
    await his.goto('/')
    await seen(chatInList(his.page, 'Working title'))
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await openDetails(hers.page)
    await choose(hers.page, 'Working title', 'Rename')
    await fill(hers.page.getByRole('dialog'), { 'Group name': 'Final title' })
    await press(hers.page.getByRole('dialog'), 'Save')
    await seen(chatInList(his.page, 'Final title'))
    await gone(chatInList(his.page, 'Working title'))
  })

  it('gives its verbs to those who may use them: a moderator removes members, a member removes nobody', async () => {
    const chatId = await newGroup(anna, 'Order', [boris, clara])
    await anna.api.chats.setRole.mutate({ chatId, userId: boris.userId, role: 'moderator' })
    const his = await openDevice(house, { account: boris })
    await his.goto(`/chats/${chatId}`)
    await openDetails(his.page)
    await press(his.page, 'Options for Clara Rossi')
    await seen(his.page.getByRole('menuitem', { name: 'Remove from group' }))
    await his.page.keyboard.press('Escape')
    expect(await his.page.getByRole('button', { name: 'Options for Anna Lindqvist' }).count()).toBe(0)

    const theirs = await openDevice(house, { account: clara })
    await theirs.goto(`/chats/${chatId}`)
    await openDetails(theirs.page)
    await seen(theirs.page.getByText('Boris Petrov').locator('visible=true'))
    expect(await theirs.page.getByRole('button', { name: /^Options for (Boris|Anna)/ }).count()).toBe(0)
  })
})
