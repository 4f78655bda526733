import sharp from 'sharp'
import { afterAll, expect, test } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { english } from './installation/scripts.ts'
import { newTeam } from './installation/team.ts'
import { attach, openDetails } from './screens/chats.ts'
import { button, waitUntilVisible } from './screens/controls.ts'
import { axeFindings, cutWords, foreignWords, overflowing, smallTargets } from './screens/findings.ts'
import { inside, settle, type Stop, visit, setTheme } from './screens/tour.ts'

// The people and chats of a script, so that every word on the screens is known to be English.
const installation = await OwnInstallation.start()
const { people, chats } = await newTeam(installation, english, 'en')
const [anna] = people
afterAll(() => installation.stop())

/** One of each kind; the others, and every size and colour, are in screens.long.test.ts. */
const representative = [
  'chats',
  'conversation',
  'new group',
  'meetings',
  'people',
  'profile',
  'invitations',
  'accounts',
  'connections',
]

test('screens have no finding of axe, do not stick out of a phone, cut no words off, are wide enough for a thumb and speak one language', async () => {
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  const found: string[] = []
  for (const stop of inside(chats[0] ?? '').filter(({ name }) => representative.includes(name)))
    found.push(...(await findingsOn(device, stop)))
  await visit(device, { name: 'details', path: `/chats/${chats[0]}` })
  await openDetails(page)
  await settle(page)
  found.push(...(await axeFindings(page)), ...(await overflowing(page)))
  await setTheme(device, 'dark')
  found.push(...(await axeFindings(page, ['color-contrast'])))
  expect(found).toEqual([])
})

test('a message of files has no finding of axe and does not stick out of a phone, while it is picked and when it is sent', async () => {
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#286' } })
      .jpeg()
      .toBuffer()
  await visit(device, { name: 'files', path: `/chats/${chats[1]}` })
  await attach(page, [
    { name: 'terrace.jpg', mimeType: 'image/jpeg', buffer: await picture(1200, 800) },
    { name: 'stairs.jpg', mimeType: 'image/jpeg', buffer: await picture(400, 1800) },
    { name: `${'offer '.repeat(30)}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4') },
  ])
  const found = await allFindings(device)
  await button(page, 'Send').click()
  await waitUntilVisible(button(page, 'Open picture terrace.jpg').locator('img'))
  await settle(page)
  found.push(...(await allFindings(device)))
  await setTheme(device, 'dark')
  found.push(...(await axeFindings(page, ['color-contrast'])))
  await button(page, 'Open picture stairs.jpg').click()
  await waitUntilVisible(page.getByRole('dialog', { name: 'stairs.jpg' }).getByRole('img'))
  found.push(...(await axeFindings(page)), ...(await overflowing(page)), ...(await smallTargets(page)))
  expect(found).toEqual([])
})

test('the page for signing in has no finding of axe, does not stick out of a phone, is wide enough for a thumb and speaks one language', async () => {
  const device = await openDevice(installation, { width: 360, height: 740 })
  expect(await findingsOn(device, { name: 'sign in', path: '/signin' })).toEqual([])
})

async function findingsOn(device: Device, stop: Stop): Promise<string[]> {
  await visit(device, stop)
  return (await allFindings(device)).map((each) => `${stop.name}: ${each}`)
}

async function allFindings({ page }: Device): Promise<string[]> {
  return [
    ...(await axeFindings(page)),
    ...(await overflowing(page)),
    ...(await cutWords(page)),
    ...(await foreignWords(page, 'en')),
    ...(await smallTargets(page)),
  ]
}
