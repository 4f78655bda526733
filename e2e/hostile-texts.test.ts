import type { ChatId } from '@veche/shared/ids'
import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { type Account, newGroup, send } from './installation/accounts.ts'
import { hostileMessages, hostileNames, markup } from './installation/hostile-texts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { log, message, openDetails } from './screens/chats.ts'
import { waitUntilVisible } from './screens/controls.ts'
import { overflowing } from './screens/findings.ts'
import { signIn } from './screens/sign-in.ts'
import { settle } from './screens/tour.ts'

const title = '<b>'.repeat(33)

test('hostile names and messages are shown as text, run nothing, link to nothing but the web, and push nothing out of a phone', async () => {
  const anna = await newPerson('Anna Hostess')
  const others: Account[] = []
  for (const name of hostileNames) others.push(await newPerson(name))
  const group = await newGroup(anna, title, others)
  for (const [index, body] of hostileMessages.entries()) await send(others[index % others.length] ?? anna, group, body)
  await anna.api.messages.read.mutate({ chatId: group, seq: 1 + hostileMessages.length })
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  await device.addInitScript(() => void (window.alert = () => Object.assign(window, { pwned: 1 })))

  await device.goto('/')
  await waitUntilVisible(page.getByText(title).first())
  // Each text of another person is isolated, so that no mark of direction reaches its neighbours.
  expect(await page.evaluate(textsThatTurnOthers, '\u202E')).toEqual([])
  expect(await overflowing(page)).toEqual([])
  await device.goto(`/chats/${group}`)
  await waitUntilVisible(message(page, markup))
  const protocols = await log(page)
    .getByRole('link')
    .evaluateAll((links) => links.map((each) => new URL((each as HTMLAnchorElement).href).protocol))
  expect(protocols.filter((protocol) => !/^https?:$/.test(protocol))).toEqual([])
  expect(await overflowing(page)).toEqual([])
  await openDetails(page)
  await settle(page)
  expect(await overflowing(page)).toEqual([])
  expect(await page.locator('img[src="x"], body script:not(.root script)').count()).toBe(0)
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false)
})

test('the address of a chat that is foreign, unknown or malformed says the same, and the next page after signing in is never another site', async () => {
  const [anna, boris] = [await newPerson('Anna Address'), await newPerson('Boris Address')]
  const foreign = await newGroup(boris, 'Foreign', [])
  const device = await openDevice(installation)
  device.pageLog.expect(/status of 40\d/)
  await device.goto(`/signin?next=${encodeURIComponent('//example.org/')}`)
  await signIn(device, anna.email, anna.password)
  await device.page.waitForURL(`${installation.url}/`)
  const shown: string[] = []
  for (const id of [foreign, '0190a000-0000-7000-8000-000000000000' as ChatId, '%3Cscript%3E', '..%2F..%2Fadmin']) {
    await device.goto(`/chats/${id}`)
    await waitUntilVisible(device.page.getByText('This chat is not here'))
    shown.push(await device.page.getByRole('main').innerText())
  }
  expect(new Set(shown).size).toBe(1)
})

function textsThatTurnOthers(mark: string): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found: string[] = []
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent?.includes(mark)) continue
    const { unicodeBidi, display } = getComputedStyle(node.parentElement as Element)
    if (!/isolate|plaintext/.test(unicodeBidi) && display === 'inline') found.push(node.textContent)
  }
  return found
}
