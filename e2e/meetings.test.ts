import { limits } from '@veche/shared/limits'
import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { PASSWORD } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { isInCall, isSeen } from './screens/call.ts'
import { log } from './screens/chats.ts'
import { button, fill, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn } from './screens/sign-in.ts'
import { axeFindings } from './screens/findings.ts'
import { until } from './until.ts'

test('a meeting begins with a link, which brings in each person who has it and an account, and opens nothing once it has ended', async () => {
  const [anna, emma] = [await newPerson('Anna Host'), await newPerson('Emma Host')]
  const host = await openDevice(installation, { account: anna })
  const { page } = host
  await host.goto('/meetings')
  await seen(page.getByText('No meetings yet'))
  await fill(page, { 'Meeting link or code': 'no link' })
  await press(page, 'Join')
  await seen(page.getByText('This is no meeting link'))
  await press(page, 'New meeting')
  await fill(page, { 'What is it about?': 'Harbour' })
  await press(page, 'Create')
  const address = await textbox(page, 'Meeting link').inputValue()
  expect(address).toMatch(new RegExp(`^${installation.url}/m/[0-9a-z]{9}-[0-9a-z]{10}$`))
  await seen(button(page, 'Copy link'))
  await press(page.getByRole('dialog'), 'Join')
  await press(page, 'Join now')
  await isInCall(page)

  const guest = await openDevice(installation)
  guest.pageLog.expect(refused(401))
  await guest.goto(address.slice(installation.url.length))
  await signIn(guest, emma.email, PASSWORD)
  await isSignedIn(guest)
  await seen(guest.page.getByRole('heading', { name: 'Harbour' }))
  await seen(guest.page.getByText('Anna Host is here.'))
  await press(guest.page, 'Join now')
  await isInCall(guest.page)
  await isSeen(page, 'Emma Host')

  await press(guest.page, 'Leave')
  await press(page, 'Leave')
  await press(page, 'To the chat')
  await passEmptyTime(address)
  await seen(log(page).getByText('Call ended'))
  await press(page, 'Who was there')
  await seen(page.getByRole('list', { name: 'Who was there' }).getByText('Emma Host'))
  await host.goto('/meetings')
  await seen(page.getByRole('listitem').filter({ hasText: 'Harbour' }).getByText('2 people'))
  expect(await axeFindings(page)).toEqual([])
  guest.pageLog.expect(/status of 4(00|03|04|09|10)/)
  await guest.goto(address.slice(installation.url.length))
  await seen(guest.page.getByText('This meeting has ended.'))
  await guest.goto(`/m/000000000-0000000000`)
  await seen(guest.page.getByText('There is no such meeting'))
})

/** An empty meeting waits half a minute for people who come back. Its time is moved, and not that of the whole installation. */
async function passEmptyTime(address: string): Promise<void> {
  const publicId = address.split('/').at(-1)
  const isOver = async () => {
    const rows = await installation.sql<{ id: string }>(
      `update meetings set empty_since = empty_since - $2 * interval '1 second' where public_id = $1 and empty_since is not null returning id`,
      [publicId, limits.meeting.emptySeconds],
    )
    return rows.length > 0
  }
  await until(isOver, 'the meeting is empty')
}
