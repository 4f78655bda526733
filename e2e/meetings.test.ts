import { limits } from '@veche/shared/limits'
import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/Witness.ts'
import { newAccount, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { isInCall, isSeen } from './screens/calls.ts'
import { log } from './screens/chats.ts'
import { button, fill, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn } from './screens/doors.ts'
import { findings } from './screens/findings.ts'

const house = await Installation.start({ nodes: 1 })
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
afterAll(() => house.stop())

describe('meetings', () => {
  it('have a page, empty at first, without a finding of axe', async () => {
    const daria = await newAccount(house, anna, { name: 'Daria' })
    const device = await openDevice(house, { account: daria })
    await device.goto('/meetings')
    await seen(device.page.getByText('No meetings yet'))
    await seen(device.page.getByRole('link', { name: 'Meetings', exact: true, includeHidden: false }))
    await fill(device.page, { 'Meeting link or code': 'no link' })
    await press(device.page, 'Join')
    await seen(device.page.getByText('This is no meeting link'))
    expect(await findings(device)).toEqual([])
  })

  it(
    'begin with a link, which brings in whoever has it and an account, also past the sign-in',
    { timeout: 120_000 },
    async () => {
      const emma = await newAccount(house, anna, { name: 'Emma' })
      const host = await openDevice(house, { account: anna })
      await host.goto('/meetings')
      await press(host.page, 'New meeting')
      await fill(host.page, { 'What is it about?': 'Harbour' })
      await press(host.page, 'Create')
      const address = await textbox(host.page, 'Meeting link').inputValue()
      expect(address).toMatch(new RegExp(`^${house.url}/m/[0-9a-z]{9}-[0-9a-z]{10}$`))
      await seen(button(host.page, 'Copy link'))
      await press(host.page.getByRole('dialog'), 'Join')
      await press(host.page, 'Join now')
      await isInCall(host.page)

      const guest = await openDevice(house)
      guest.witness.expect(refused(401))
      await guest.goto(address.slice(house.url.length))
      await signIn(guest, emma.email, PASSWORD)
      await isSignedIn(guest)
      await seen(guest.page.getByRole('heading', { name: 'Harbour' }))
      await seen(guest.page.getByText('Anna Lindqvist is here.'))
      await press(guest.page, 'Join now')
      await isInCall(guest.page)
      await isSeen(host.page, 'Emma')

      await press(guest.page, 'Leave')
      await press(host.page, 'Leave')
      await press(host.page, 'To the chat')
      // A meeting waits half a minute for whoever comes back.
      await house.setClock(limits.meeting.emptySeconds * 1_000)
      await seen(log(host.page).getByText('Call ended'), 60_000)
      await house.setClock(0)
      await press(host.page, 'Who was there')
      await seen(host.page.getByRole('list', { name: 'Who was there' }).getByText('Emma'))
      await host.goto('/meetings')
      await seen(host.page.getByRole('listitem').filter({ hasText: 'Harbour' }).getByText('2 people'))
      expect(await findings(host)).toEqual([])
      guest.witness.expect(refused(404), refused(409), refused(410), refused(403), refused(400))
      await guest.goto(address.slice(house.url.length))
      await seen(guest.page.getByText('This meeting has ended.'))
      expect(await findings(guest)).toEqual([])
      await guest.goto(`/m/000000000-0000000000`)
      await seen(guest.page.getByText('There is no such meeting'))
    },
  )
})
