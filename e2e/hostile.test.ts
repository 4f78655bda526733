import type { ChatId } from '@veche/shared/ids'
import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { type Account, newAccount, newDirect, newGroup, newOwner, say } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { chatInList, log, message, openDetails } from './screens/chats.ts'
import { seen } from './screens/controls.ts'
import { axeFindings, overflowing } from './screens/findings.ts'
import { signIn } from './screens/doors.ts'
import { inside, settle, visit } from './screens/tour.ts'

const markup = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
const reversed = '\u202Egpj.exe\u202C \u2066hidden'
const names = [
  `<img src=x onerror=alert(1)> & "quotes" 'too' {{7*7}} \${7*7}`,
  reversed,
  'W'.repeat(64),
  '👩‍👩‍👧‍👦'.repeat(5) + ' 🏳️‍🌈',
  'Z̸͇̀ä̶̪l̷͉̇g̵̩̈́o̶̺͝ ' + 'о'.repeat(40),
  'http://example.org/name',
]
const bodies = [
  reversed,
  'x'.repeat(4096),
  'Ж'.repeat(300) + '🙂'.repeat(300),
  'javascript:alert(1) data:text/html,<script>alert(1)</script> https://user:secret@example.org/%2e%2e/"><b>',
  '\n\n\n  spaces   and\ttabs\u0000 \u200B\u200B and a zero \uFEFF end \n\n',
  `https://example.org/${'a'.repeat(2000)}`,
  '%s %d {0} {name} ${x} &lt;b&gt; &#128512; \\u0041 __proto__ constructor',
  // The last is in sight when the chat is opened.
  markup,
]

const house = await Installation.start()
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const others: Account[] = []
for (const name of names) others.push(await newAccount(house, anna, { name }))
const group = await newGroup(anna, '<b>'.repeat(33), others)
for (const [index, body] of bodies.entries()) await say(others[index % others.length] ?? anna, group, body)
await anna.api.messages.read.mutate({ chatId: group, seq: 1 + bodies.length })
for (const other of others) await say(other, await newDirect(other, anna), bodies[4] ?? '')
afterAll(() => house.stop())

describe('names and texts that mean harm', () => {
  it(
    'are shown as text on every screen that has them, run nothing, and push nothing out of a window of 360 px',
    { timeout: 180_000 },
    async () => {
      const device = await openDevice(house, { account: anna, width: 360, height: 740 })
      const { page } = device
      await page.addInitScript(() => (window.alert = () => Object.assign(window, { pwned: 1 })))
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
    },
  )

  it('stand in the conversation as they were written, and link to nothing but the web', async () => {
    const device = await openDevice(house, { account: anna })
    await device.goto(`/chats/${group}`)
    await seen(message(device.page, markup))
    const protocols = await log(device.page)
      .getByRole('link')
      .evaluateAll((links) => links.map((each) => new URL((each as HTMLAnchorElement).href).protocol))
    expect(protocols.filter((protocol) => !/^https?:$/.test(protocol))).toEqual([])
  })

  it('do not turn the text around them: a name that reads backwards stays in its own place', async () => {
    const device = await openDevice(house, { account: anna })
    await device.goto('/')
    const line = chatInList(device.page, '<b>'.repeat(33))
    await seen(line)
    // Whatever holds words of somebody else is isolated, so that no mark of direction reaches its neighbours.
    const leaking = await device.page.evaluate((mark) => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const found: string[] = []
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.textContent?.includes(mark)) continue
        const { unicodeBidi, display } = getComputedStyle(node.parentElement as Element)
        if (!/isolate|plaintext/.test(unicodeBidi) && display === 'inline') found.push(node.textContent)
      }
      return found
    }, '\u202E')
    expect(leaking).toEqual([])
  })
})

describe('an address that means harm', () => {
  it('of a chat that does not exist, is foreign or is no id says the same', async () => {
    const foreign = await newGroup(others[0] ?? anna, 'Foreign', [])
    const device = await openDevice(house, { account: anna })
    device.witness.expect(/status of 40\d/)
    const wanted: string[] = []
    for (const id of [foreign, '0190a000-0000-7000-8000-000000000000' as ChatId, '%3Cscript%3E', '..%2F..%2Fadmin']) {
      await device.goto(`/chats/${id}`)
      await seen(device.page.getByText('This chat is not here'))
      wanted.push(await device.page.getByRole('main').innerText())
    }
    expect(new Set(wanted).size).toBe(1)
  })

  it('as the next page after signing in leads nowhere else', async () => {
    const device = await openDevice(house)
    await device.goto(`/signin?next=${encodeURIComponent('//example.org/')}`)
    await signIn(device, anna.email, anna.password)
    await device.page.waitForURL(`${house.url}/`)
  })
})
