import { afterAll, describe, expect, it } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { Installation } from './house/Installation.ts'
import { english } from './house/scripts.ts'
import { newTeam } from './house/team.ts'
import { log, openDetails } from './screens/chats.ts'
import { axeFindings, findings, overflowing } from './screens/findings.ts'
import { inside, outside, settle, type Stop, visit, wear } from './screens/tour.ts'

const house = await Installation.start()
const { people, chats } = await newTeam(house, english, 'en')
const [anna] = people
const { link } = await anna.api.admin.createInvite.mutate({ role: 'member', uses: 100, days: 1 })
const invitation = link.slice(house.url.length)
afterAll(() => house.stop())

describe('no screen has a finding of axe, sticks out or speaks another language, at 360 and 1440 px, in light and dark:', () => {
  it('those of somebody signed in', { timeout: 180_000 }, async () => {
    const device = await openDevice(house, { account: anna })
    expect(await findingsOn(device, inside(chats[0] ?? ''))).toEqual([])
  })

  it('the details of a group, which lie over the conversation on a phone', async () => {
    const device = await openDevice(house, { account: anna, width: 360, height: 740 })
    await visit(device, { name: 'details', path: `/chats/${chats[0]}` })
    await openDetails(device.page)
    await settle(device.page)
    expect([...(await axeFindings(device.page)), ...(await overflowing(device.page))]).toEqual([])
  })

  it('those of somebody who is not signed in', { timeout: 180_000 }, async () => {
    const device = await openDevice(house)
    expect(await findingsOn(device, outside(invitation))).toEqual([])
  })
})

describe('the conversation', () => {
  it('holds its text in lines of 720 px at most and pushes nothing out, from a phone to 4K', async () => {
    const device = await openDevice(house, { account: anna })
    await visit(device, { name: 'conversation', path: `/chats/${chats[0]}` })
    for (const width of [320, 360, 767, 768, 1024, 1279, 1280, 1920, 3840]) {
      await device.page.setViewportSize({ width, height: Math.round(width * 0.6) + 300 })
      expect(await overflowing(device.page), `at ${width} px`).toEqual([])
      const widths = await log(device.page)
        .locator('article .body')
        .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().width))
      expect(widths.length, `at ${width} px`).toBeGreaterThan(0)
      expect(Math.max(...widths), `at ${width} px`).toBeLessThanOrEqual(Math.min(720, width))
    }
  })

  it('has the colours of high contrast when the system asks for them, without a finding of axe', async () => {
    const device = await openDevice(house, { account: anna })
    await device.page.emulateMedia({ contrast: 'more' })
    await visit(device, { name: 'conversation', path: `/chats/${chats[0]}` })
    expect(await device.page.evaluate(() => document.documentElement.dataset['contrast'])).toBe('more')
    for (const theme of ['light', 'dark'] as const) {
      await wear(device, theme)
      expect(await axeFindings(device.page, ['color-contrast'])).toEqual([])
    }
  })
})

async function findingsOn(device: Device, stops: Stop[]): Promise<string[]> {
  const found: string[] = []
  for (const stop of stops) {
    await visit(device, stop)
    found.push(...(await findings(device, { highContrast: false })).map((each) => `${stop.name}, ${each}`))
  }
  return found
}
