import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/Witness.ts'
import { newAccount, newOwner, PASSWORD } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { until } from './house/until.ts'
import { button, fill, link, press, seen, textbox } from './screens/controls.ts'
import { isSignedIn, signIn, wasRefused } from './screens/doors.ts'

const fresh = await Installation.start()
const house = await Installation.start()
const olga = await newOwner(house, { name: 'Olga Orlova' })
afterAll(() => Promise.all([fresh.stop(), house.stop()]))

describe('a fresh installation', () => {
  it('belongs to whoever opens the one-time link first, and the link works once', async () => {
    const address = await fresh.adminLink('--first')
    const first = await openDevice(fresh)
    await first.page.goto(address)
    await fill(first.page, { Name: 'Olga Orlova', Email: 'olga@example.org', Password: PASSWORD })
    await press(first.page, 'Create account')
    await isSignedIn(first)
    await seen(link(first.page, 'Administration'))

    const second = await openDevice(fresh)
    await second.page.goto(address)
    await seen(second.page.getByRole('heading', { name: 'This link does not work' }))
  })
})

describe('an invitation', () => {
  it('made in Administration lets one person make an account, and is used up then', async () => {
    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/invitations')
    await press(host.page, 'Invite')
    await press(host.page.getByRole('dialog'), 'Create link')
    const address = await textbox(host.page, 'Invitation link').inputValue()
    expect(address).toMatch(`${house.url}/signup?invite=`)

    const guest = await openDevice(house)
    await guest.page.goto(address)
    await fill(guest.page, { Name: 'Pavel Petrov', Email: 'Pavel@Example.org', Password: PASSWORD })
    await press(guest.page, 'Create account')
    await isSignedIn(guest)
    expect(await link(guest.page, 'Administration').count()).toBe(0)

    const late = await openDevice(house)
    await late.page.goto(address)
    await seen(late.page.getByRole('heading', { name: 'This invitation does not work' }))
  })

  it('by mail is for that address alone', async () => {
    const host = await openDevice(house, { account: olga })
    await host.goto('/admin/invitations')
    await press(host.page, 'Invite')
    await fill(host.page, { 'Invite by email': 'rita@example.org' })
    await press(host.page.getByRole('dialog'), 'Create link')
    await seen(textbox(host.page, 'Invitation link'))
    const mail = await until(
      async () => (await house.mails()).find(({ to }) => to === 'rita@example.org'),
      'it is mailed',
    )
    const address = /http:\S+invite=\S+/.exec(mail.text)?.[0] ?? ''

    const guest = await openDevice(house)
    await guest.page.goto(address)
    expect(await textbox(guest.page, 'Email').inputValue()).toBe('rita@example.org')
    expect(await textbox(guest.page, 'Email').getAttribute('readonly')).not.toBeNull()
    await fill(guest.page, { Name: 'Rita', Password: PASSWORD })
    await press(guest.page, 'Create account')
    await isSignedIn(guest)
  })

  it('does not take a password that everybody tries first, and says so', async () => {
    const { link: address } = await olga.api.admin.createInvite.mutate({ role: 'member', uses: 1, days: 1 })
    const guest = await openDevice(house)
    guest.witness.expect(refused(422))
    await guest.page.goto(address)
    await fill(guest.page, { Name: 'Semyon', Email: 'semyon@example.org', Password: 'password123' })
    await press(guest.page, 'Create account')
    await seen(guest.page.getByRole('alert').getByText('the list of those tried first'))
    await fill(guest.page, { Password: PASSWORD })
    await press(guest.page, 'Create account')
    await isSignedIn(guest)
  })
})

describe('signing in', () => {
  it('leads to the page that was asked for', async () => {
    const device = await openDevice(house)
    await device.goto('/settings/profile')
    await device.page.waitForURL('**/signin**')
    await signIn(device, olga.email, PASSWORD)
    await isSignedIn(device)
    await device.page.waitForURL('**/settings/profile')
    expect(await textbox(device.page, 'Name').inputValue()).toBe('Olga Orlova')
  })

  it('says the same to a wrong password and to an unknown email', async () => {
    const device = await openDevice(house)
    device.witness.expect(refused(401))
    await device.goto('/signin')
    await signIn(device, olga.email, 'not this one')
    const known = await wasRefused(device)
    await signIn(device, 'nobody@example.org', 'not this one')
    expect(await wasRefused(device)).toBe(known)
  })

  it('points at the field that is missing before anything is sent', async () => {
    const device = await openDevice(house)
    await device.goto('/signin')
    await press(device.page, 'Sign in')
    await seen(device.page.getByText('Give an email address'))
    expect(await textbox(device.page, 'Email').evaluate((field) => field === document.activeElement)).toBe(true)
    expect(device.witness.requests.filter((url) => url.includes('auth.signIn'))).toEqual([])
  })

  it('shows the password to whoever asks for it', async () => {
    const device = await openDevice(house)
    await device.goto('/signin')
    await fill(device.page, { Password: 'open sesame' })
    await press(device.page, 'Show password')
    expect(await textbox(device.page, 'Password').getAttribute('type')).toBe('text')
    await press(device.page, 'Hide password')
    expect(await textbox(device.page, 'Password').getAttribute('type')).toBe('password')
  })
})

describe('a forgotten password', () => {
  it('is replaced with the code from the mailbox, and the old password opens nothing then', async () => {
    const anna = await newAccount(house, olga, { name: 'Anna' })
    const device = await openDevice(house)
    device.witness.expect(refused(401))
    await device.goto('/signin')
    await link(device.page, 'Forgotten password?').click()
    await seen(device.page.getByRole('heading', { name: 'A new password' }))
    await fill(device.page, { Email: anna.email })
    await press(device.page, 'Send code')
    await seen(textbox(device.page, 'Code'))
    await until(async () => (await house.mails()).some(({ to }) => to === anna.email), 'the code is mailed')

    const mailbox = await device.context.newPage()
    await mailbox.goto(`${house.url}/dev/mail`)
    const letter = await mailbox.getByRole('article').filter({ hasText: anna.email }).first().textContent()
    await fill(device.page, { Code: /\b\d{6}\b/.exec(letter ?? '')?.[0] ?? '', 'New password': 'another pot 8' })
    await press(device.page, 'Set password')
    await isSignedIn(device)

    const other = await openDevice(house)
    other.witness.expect(refused(401))
    await other.goto('/signin')
    await signIn(other, anna.email, PASSWORD)
    await wasRefused(other)
    await signIn(other, anna.email, 'another pot 8')
    await isSignedIn(other)
  })

  it('is also replaced by the link that the operator makes, which signs out what was signed in', async () => {
    const boris = await newAccount(house, olga, { name: 'Boris' })
    const lost = await openDevice(house, { account: boris })
    await lost.goto('/settings')
    await isSignedIn(lost)
    lost.witness.expect(refused(401))

    const device = await openDevice(house)
    await device.page.goto(await house.adminLink('--email', boris.email))
    await fill(device.page, { 'New password': 'a third pot 9' })
    await press(device.page, 'Set password')
    await isSignedIn(device)
    await seen(button(lost.page, 'Sign in'))
  })
})
