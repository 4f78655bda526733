import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newAccount, newGroup, newOwner, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { connectionIs, log, message, openChat } from './screens/chats.ts'
import { gone, seen } from './screens/controls.ts'

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const boris = await newAccount(house, anna, { name: 'Boris Petrov' })
const clara = await newAccount(house, anna, { name: 'Clara Rossi' })
const chatId = await newGroup(anna, 'Long story', [boris, clara])
await say(anna, chatId, ...Array.from({ length: 160 }, (_, n) => `old ${n + 1}.`))
for (const { api } of [boris, clara]) await api.messages.read.mutate({ chatId, seq: 161 })
await say(anna, chatId, ...Array.from({ length: 90 }, (_, n) => `new ${n + 1}.`))
afterAll(() => house.stop())

describe('a long history', () => {
  it('opens at the first unread message when a link leads there before anything was fetched', async () => {
    const his = await openDevice(house, { account: boris })
    await his.goto(`/chats/${chatId}`)
    await opensAtFirstUnread(his.page)
  })

  it('opens at the first unread message from the list, and leads to the latest', async () => {
    const theirs = await openDevice(house, { account: clara })
    await theirs.goto('/')
    await openChat(theirs.page, 'Long story')
    await opensAtFirstUnread(theirs.page)
    await theirs.page.getByRole('button', { name: /^Jump to latest/ }).click()
    await expect.poll(() => inSight(theirs.page, 'new 90.')).toBe(true)
    await gone(theirs.page.getByRole('button', { name: /^Jump to latest/ }))
  })

  it('takes nobody back to its end who moves away in the moment that a message comes', async () => {
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await expect.poll(() => inSight(hers.page, 'new 90.')).toBe(true)
    await connectionIs(hers.page, 'Online')
    const moved = log(hers.page).evaluate(movesAwayWithTheNext)
    await say(boris, chatId, 'one more')
    expect(await moved).toBeGreaterThan(200)
  })

  it('is read upwards to its beginning: what stands before the eyes stays there while earlier messages come in', async () => {
    const hers = await openDevice(house, { account: anna })
    await hers.goto(`/chats/${chatId}`)
    await expect.poll(() => inSight(hers.page, 'new 90.')).toBe(true)
    // The bar above goes when the line stands, and the conversation keeps to its end as it grows.
    await connectionIs(hers.page, 'Online')
    let last = await topmost(hers.page)
    for (let steps = 0; steps < 100 && last > 0; steps++) {
      await hers.page.mouse.move(700, 400)
      await hers.page.mouse.wheel(0, -500)
      await expect.poll(() => topmost(hers.page)).toBeLessThan(last)
      last = await topmost(hers.page)
    }
    await seen(hers.page.getByText(/created the group/))
  })
})

/** A hand on the wheel as soon as there is another message. Answers how far from the end one is half a second later. */
function movesAwayWithTheNext(box: HTMLElement | SVGElement): Promise<number> {
  return new Promise((resolve) => {
    const watcher = new MutationObserver(() => {
      if (!box.textContent?.includes('one more')) return
      watcher.disconnect()
      requestAnimationFrame(() => {
        box.dispatchEvent(new WheelEvent('wheel', { deltaY: -300 }))
        box.scrollTop -= 300
        setTimeout(() => resolve(box.scrollHeight - box.scrollTop - box.clientHeight), 500)
      })
    })
    watcher.observe(box, { childList: true, subtree: true, characterData: true })
  })
}

/** The number of the message at the top of the window, counted through: old ones first, and 0 for what is no message of theirs. */
async function topmost(page: Page): Promise<number> {
  return log(page).evaluate((box) => {
    const { top } = box.getBoundingClientRect()
    const first = [...box.querySelectorAll('[role=article], article')].find(
      (each) => each.getBoundingClientRect().bottom > top,
    )
    const [, age, number] = /(old|new) (\d+)\./.exec(first?.textContent ?? '') ?? []
    return number ? Number(number) + (age === 'new' ? 160 : 0) : 0
  })
}

async function opensAtFirstUnread(page: Page): Promise<void> {
  await seen(page.getByText('New messages', { exact: true }))
  await expect.poll(() => inSight(page, 'new 1.')).toBe(true)
  await seen(page.getByRole('button', { name: /^Jump to latest, \d+ new/ }))
}

async function inSight(page: Page, text: string): Promise<boolean> {
  const box = await log(page).boundingBox()
  const place = await message(page, text)
    .boundingBox()
    .catch(() => null)
  return !!box && !!place && place.y >= box.y && place.y + place.height <= box.y + box.height
}
