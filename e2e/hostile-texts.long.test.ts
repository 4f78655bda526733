import { afterAll, expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { type Account, insertAccount, newDirect, newGroup, newOwner, send } from './installation/accounts.ts'
import { hostileMessages, hostileNames } from './installation/hostile-texts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { openDetails } from './screens/chats.ts'
import { axeFindings, overflowing } from './screens/findings.ts'
import { inside, settle, visit } from './screens/tour.ts'

const installation = await OwnInstallation.start()
const anna = await newOwner(installation, { name: 'Anna Lindqvist' })
const others: Account[] = []
for (const name of hostileNames) others.push(await insertAccount(installation, { name }))
const group = await newGroup(anna, '<b>'.repeat(33), others)
for (const [index, body] of hostileMessages.entries()) await send(others[index % others.length] ?? anna, group, body)
await anna.api.messages.read.mutate({ chatId: group, seq: 1 + hostileMessages.length })
for (const other of others) await send(other, await newDirect(other, anna), hostileMessages[4] ?? '')
afterAll(() => installation.stop())

test('hostile names and messages are shown as text on every screen that has them, run nothing, and push nothing out of a window of 360 px', async () => {
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  await device.addInitScript(() => void (window.alert = () => Object.assign(window, { pwned: 1 })))
  const found: string[] = []
  for (const stop of inside(group).filter(({ plain }) => !plain)) {
    await visit(device, stop)
    found.push(...(await overflowing(page)).map((each) => `${stop.name}: ${each}`))
    if (await page.evaluate(() => 'pwned' in window)) found.push(`${stop.name}: a text was run`)
    if (await page.locator('img[src="x"], body script:not(.root script)').count())
      found.push(`${stop.name}: a text became a part of the page`)
  }
  await device.goto(`/chats/${group}`)
  await openDetails(page)
  await settle(page)
  found.push(...(await overflowing(page)).map((each) => `details: ${each}`))
  found.push(...(await axeFindings(page)).map((each) => `details: ${each}`))
  expect(found).toEqual([])
})
