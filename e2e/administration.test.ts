import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/Witness.ts'
import { newAccount, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { button, gone, link, press, seen } from './screens/controls.ts'
import { isSignedIn, signIn, wasRefused } from './screens/doors.ts'

const house = await Installation.start({ settings: { SMTP_URL: 'smtp://127.0.0.1:9' } })
const olga = await newOwner(house, { name: 'Olga Orlova' })
afterAll(() => house.stop())

describe('an owner', () => {
  it('disables somebody, who is at the door within seconds and cannot come back until enabled', async () => {
    const ivan = await newAccount(house, olga, { name: 'Ivan Ilyin' })
    const theirs = await openDevice(house, { account: ivan })
    theirs.witness.expect(refused(401))
    await theirs.goto('/people')
    await isSignedIn(theirs)

    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/people')
    await press(host.page, 'Options for Ivan Ilyin')
    await host.page.getByRole('menuitem', { name: 'Disable' }).click()
    await press(host.page.getByRole('alertdialog'), 'Disable')
    await seen(button(theirs.page, 'Sign in'))
    await signIn(theirs, ivan.email, PASSWORD)
    await wasRefused(theirs)

    await press(host.page, 'Options for Ivan Ilyin')
    await host.page.getByRole('menuitem', { name: 'Enable' }).click()
    await gone(host.page.getByText('Disabled', { exact: true }))
    await signIn(theirs, ivan.email, PASSWORD)
    await isSignedIn(theirs)
  })

  it('makes an administrator, whose screen gains Administration, and takes it back', async () => {
    const kira = await newAccount(house, olga, { name: 'Kira Kim' })
    const theirs = await openDevice(house, { account: kira })
    await theirs.goto('/people')
    await isSignedIn(theirs)
    expect(await link(theirs.page, 'Administration').count()).toBe(0)

    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/people')
    await press(host.page, 'Options for Kira Kim')
    await host.page.getByRole('menuitemradio', { name: 'Administrator' }).click()
    await press(host.page.getByRole('alertdialog'), 'Change')
    await seen(link(theirs.page, 'Administration'))

    await press(host.page, 'Options for Kira Kim')
    await host.page.getByRole('menuitemradio', { name: 'Member' }).click()
    await press(host.page.getByRole('alertdialog'), 'Change')
    await gone(link(theirs.page, 'Administration'))
  })

  it('revokes an invitation, which opens nothing then', async () => {
    const { link: address } = await olga.api.admin.createInvite.mutate({ role: 'member', uses: 5, days: 7 })
    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/invitations')
    await press(host.page, 'Revoke: Anyone with the link')
    await press(host.page.getByRole('alertdialog'), 'Revoke')
    await seen(host.page.getByRole('list', { name: 'Used up and past' }).getByText('Revoked').first())
    const guest = await openDevice(house)
    await guest.page.goto(address)
    await seen(guest.page.getByRole('heading', { name: 'This invitation does not work' }))
  })

  it('sees who is connected, and which part is not well', async () => {
    const lena = await newAccount(house, olga, { name: 'Lena' })
    const theirs = await openDevice(house, { account: lena })
    await theirs.goto('/people')
    await isSignedIn(theirs)
    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/connections')
    await seen(host.page.getByRole('list', { name: 'Parts' }).getByText('PostgreSQL'))
    await seen(host.page.getByRole('list', { name: 'Here now' }).getByText('Lena'))
  })
})

describe('a member', () => {
  it('is told, at an address of the administration, that it is for administrators only', async () => {
    const mila = await newAccount(house, olga, { name: 'Mila' })
    const device = await openDevice(house, { account: mila })
    await device.goto('/admin/people')
    await seen(device.page.getByText('Only for administrators'))
    expect(device.witness.requests.filter((url) => url.includes('admin.'))).toEqual([])
  })
})

describe('an administrator', () => {
  it('has no options for an owner', async () => {
    const nina = await newAccount(house, olga, { name: 'Nina', admin: true })
    const device = await openDevice(house, { account: nina })
    await device.goto('/admin/people')
    await seen(device.page.getByRole('list', { name: 'People' }).getByText('Olga Orlova'))
    expect(await button(device.page, 'Options for Olga Orlova').count()).toBe(0)
  })
})
