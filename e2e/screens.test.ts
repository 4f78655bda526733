import { afterAll, expect, test } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { english } from './installation/scripts.ts'
import { newTeam } from './installation/team.ts'
import { openDetails } from './screens/chats.ts'
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

test('the page for signing in has no finding of axe, does not stick out of a phone, is wide enough for a thumb and speaks one language', async () => {
  const device = await openDevice(installation, { width: 360, height: 740 })
  expect(await findingsOn(device, { name: 'sign in', path: '/signin' })).toEqual([])
})

async function findingsOn(device: Device, stop: Stop): Promise<string[]> {
  await visit(device, stop)
  const { page } = device
  const found = [
    ...(await axeFindings(page)),
    ...(await overflowing(page)),
    ...(await cutWords(page)),
    ...(await foreignWords(page, 'en')),
    ...(await smallTargets(page)),
  ]
  return found.map((each) => `${stop.name}: ${each}`)
}
