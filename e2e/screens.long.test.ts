import { afterAll, expect, onTestFinished, test } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { english, russian } from './installation/scripts.ts'
import { newTeam } from './installation/team.ts'
import { log } from './screens/chats.ts'
import { axeFindings, findings, foreignWords, overflowing } from './screens/findings.ts'
import { inside, outside, settle, type Stop, visit, setTheme } from './screens/tour.ts'

const installation = await OwnInstallation.start()
const { people, chats } = await newTeam(installation, english, 'en')
const [anna] = people
const { link } = await anna.api.admin.createInvite.mutate({ role: 'member', uses: 100, days: 1 })
const invitation = link.slice(installation.url.length)
afterAll(() => installation.stop())

test('no screen of a person who is signed in has a finding of axe, sticks out or speaks another language, at 360 and 1440 px, in light and dark', async () => {
  const device = await openDevice(installation, { account: anna })
  expect(await findingsOn(device, inside(chats[0] ?? ''))).toEqual([])
})

test('no screen before signing in has a finding of axe, sticks out or speaks another language, at 360 and 1440 px, in light and dark', async () => {
  const device = await openDevice(installation)
  expect(await findingsOn(device, outside(invitation))).toEqual([])
})

test('the conversation holds its text in lines of 720 px at most and pushes nothing out, from a phone to 4K', async () => {
  const device = await openDevice(installation, { account: anna })
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

test('the conversation has the colours of high contrast when the system asks for them, without a finding of axe', async () => {
  const device = await openDevice(installation, { account: anna })
  await device.page.emulateMedia({ contrast: 'more' })
  await visit(device, { name: 'conversation', path: `/chats/${chats[0]}` })
  expect(await device.page.evaluate(() => document.documentElement.dataset['contrast'])).toBe('more')
  for (const theme of ['light', 'dark'] as const) {
    await setTheme(device, theme)
    expect(await axeFindings(device.page, ['color-contrast'])).toEqual([])
  }
})

test('every screen speaks Russian and nothing else to a person who chose Russian', async () => {
  const own = await OwnInstallation.start({ settings: { SERVER_NAME: 'Вече' } })
  onTestFinished(() => own.stop())
  const team = await newTeam(own, russian, 'ru')
  const device = await openDevice(own, { account: team.people[0] })
  const signedOut = await openDevice(own, { locale: 'ru-RU' })
  const found: string[] = []
  const addForeignWords = async (one: Device, stops: Stop[]) => {
    for (const stop of stops) {
      await visit(one, stop)
      found.push(...(await foreignWords(one.page, 'ru')).map((text) => `${stop.name}: ${text}`))
    }
  }
  await addForeignWords(device, inside(team.chats[0] ?? '', 'ru'))
  await addForeignWords(signedOut, outside('/signup'))
  expect(found).toEqual([])
})

test('no page asks the server anything for ten seconds while nobody does anything, also when what it has asked for failed', async () => {
  const device = await openDevice(installation, { account: anna })
  // The first page of a new browser that names no icon makes it ask for one.
  device.pageLog.expect(/favicon\.ico/)
  // Connections are asked for again and again, because they are shown as they are now.
  const pages = inside(chats[0] ?? '').filter(({ act, path }) => !act && path !== '/admin/connections')
  for (const answers of ['arrive', 'fail'] as const) {
    if (answers === 'fail') device.pageLog.expect(refused(503))
    for (const { path } of pages) {
      const page = await device.openTab('/robots.txt')
      if (answers === 'fail') await page.route(isQuestionOfPage, (route) => route.fulfill({ status: 503 }))
      await device.goto(path)
      await settle(page)
    }
    const before = device.pageLog.requests.length
    await device.page.waitForTimeout(10_000)
    const since = device.pageLog.requests.slice(before)
    expect(
      since.filter((url) => !isPartOfApp(url)),
      answers,
    ).toEqual([])
    // Parts that may be needed without a network are fetched some time after the start, once in each tab.
    for (const [part, requests] of Map.groupBy(since.filter(isPartOfApp), (url) => url)) {
      expect(requests.length, `${answers}: ${part}`).toBeLessThanOrEqual(device.context.pages().length)
    }
  }
})

function isPartOfApp(url: string): boolean {
  return new URL(url).pathname.startsWith('/_app/immutable/')
}

/** A query of a screen, and none of those by which the app itself starts and stays up to date. */
function isQuestionOfPage({ pathname }: URL): boolean {
  return pathname.startsWith('/api/trpc/') && !/auth\.me|sync\./.test(pathname)
}

async function findingsOn(device: Device, stops: Stop[]): Promise<string[]> {
  const found: string[] = []
  for (const stop of stops) {
    await visit(device, stop)
    found.push(...(await findings(device, { highContrast: false })).map((each) => `${stop.name}, ${each}`))
  }
  return found
}
