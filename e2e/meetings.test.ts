import { meetingLimits } from '@veche/shared/meeting-limits'
import { expect, test } from 'vitest'
import { type Device, openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { PASSWORD } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { waitUntilInCall, waitForVideo } from './screens/call.ts'
import { log } from './screens/chats.ts'
import { button, fill, clickButton, link, waitUntilVisible, textbox } from './screens/controls.ts'
import { waitUntilSignedIn, signIn } from './screens/sign-in.ts'
import { axeFindings } from './screens/findings.ts'
import { until } from './until.ts'

test('a meeting begins with a link, which brings in each person who has it and an account, and opens nothing once it has ended', async () => {
  const [anna, emma] = [await newPerson('Anna Host'), await newPerson('Emma Host')]
  const host = await openDevice(installation, { account: anna })
  const { page } = host
  await host.goto('/meetings')
  await waitUntilVisible(page.getByText('No meetings yet'))
  expect(await axeFindings(page)).toEqual([])
  expect(countRequests(host, 'meetings.history')).toBe(1)
  await fill(page, { 'Meeting link or code': 'no link' })
  await clickButton(page, 'Join')
  await waitUntilVisible(page.getByText('This is no meeting link'))
  await clickButton(page, 'New meeting')
  await fill(page, { 'What is it about?': 'Harbour' })
  await clickButton(page, 'Create')
  const address = await textbox(page, 'Meeting link').inputValue()
  expect(address).toMatch(new RegExp(`^${installation.url}/m/[0-9a-z]{9}-[0-9a-z]{10}$`))
  await waitUntilVisible(button(page, 'Copy link'))
  await clickButton(page.getByRole('dialog'), 'Join')
  await clickButton(page, 'Join now')
  await waitUntilInCall(page)

  const joining = await openDevice(installation)
  await joining.goto(address.slice(installation.url.length))
  await waitUntilVisible(joining.page.getByRole('heading', { name: 'Harbour' }))
  await link(joining.page, 'Sign in').click()
  await signIn(joining, emma.email, PASSWORD)
  await waitUntilSignedIn(joining)
  await waitUntilVisible(joining.page.getByRole('heading', { name: 'Harbour' }))
  await waitUntilVisible(joining.page.getByText('Anna Host is here.'))
  await clickButton(joining.page, 'Join now')
  await waitUntilInCall(joining.page)
  await waitForVideo(page, 'Emma Host')

  await clickButton(joining.page, 'Leave')
  await clickButton(page, 'Leave')
  await clickButton(page, 'To the chat')
  await passEmptyTime(address)
  await waitUntilVisible(log(page).getByText('Call ended'))
  await clickButton(page, 'Who was there')
  await waitUntilVisible(page.getByRole('list', { name: 'Who was there' }).getByText('Emma Host'))
  await host.goto('/meetings')
  await waitUntilVisible(page.getByRole('listitem').filter({ hasText: 'Harbour' }).getByText('2 people'))
  expect(await axeFindings(page)).toEqual([])
  joining.pageLog.expect(/status of 4(00|03|04|09|10)/)
  await joining.goto(address.slice(installation.url.length))
  await waitUntilVisible(joining.page.getByText('This meeting has ended.'))
  expect(await axeFindings(joining.page)).toEqual([])
  await joining.goto(`/m/000000000-0000000000`)
  await waitUntilVisible(joining.page.getByText('There is no such meeting'))
})

/** An empty meeting waits half a minute for people who come back. Its time is moved, and not that of the whole installation. */
test('a list of meetings that cannot be fetched says so and is asked for once more when a person wants it', async () => {
  const device = await openDevice(installation, { account: await newPerson('Fred Host') })
  const { page, pageLog } = device
  pageLog.expect(refused(503))
  await page.route('**/meetings.history*', (route) => route.fulfill({ status: 503 }))
  await device.goto('/meetings')
  await waitUntilVisible(button(page, 'Try again'))
  expect(await axeFindings(page)).toEqual([])
  expect(countRequests(device, 'meetings.history')).toBe(1)
  await page.unroute('**/meetings.history*')
  await clickButton(page, 'Try again')
  await waitUntilVisible(page.getByText('No meetings yet'))
  expect(countRequests(device, 'meetings.history')).toBe(2)
})

function countRequests({ pageLog }: Device, part: string): number {
  return pageLog.requests.filter((url) => url.includes(part)).length
}

async function passEmptyTime(address: string): Promise<void> {
  const publicId = address.split('/').at(-1)?.split('-')[0]
  const isOver = async () => {
    const rows = await installation.sql<{ id: string }>(
      `update meetings
       set started_at = started_at - $2 * interval '1 second', empty_since = empty_since - $2 * interval '1 second'
       where public_id = $1 and empty_since is not null returning id`,
      [publicId, meetingLimits.emptySeconds],
    )
    return rows.length > 0
  }
  await until(isOver, 'the meeting is empty')
}
