import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { PASSWORD } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { button, fill, link, clickButton, waitUntilVisible, textbox } from './screens/controls.ts'
import { waitUntilSignedIn, signIn, waitForRefusal } from './screens/sign-in.ts'
import { until } from './until.ts'

test('signing in names a missing field, refuses a wrong password as it refuses an unknown email, and leads to the page that was asked for', async () => {
  const device = await openDevice(installation)
  device.pageLog.expect(refused(401))
  const { page } = device
  await device.goto('/settings/profile')
  await page.waitForURL('**/signin**')
  await clickButton(page, 'Sign in')
  await waitUntilVisible(page.getByText('Give an email address'))
  expect(await textbox(page, 'Email').evaluate((field) => field === document.activeElement)).toBe(true)
  expect(device.pageLog.requests.filter((url) => url.includes('auth.signIn'))).toEqual([])

  await fill(page, { Password: 'open sesame' })
  await clickButton(page, 'Show password')
  expect(await textbox(page, 'Password').getAttribute('type')).toBe('text')
  await clickButton(page, 'Hide password')
  expect(await textbox(page, 'Password').getAttribute('type')).toBe('password')

  await signIn(device, owner.email, 'not this one')
  const known = await waitForRefusal(device)
  await signIn(device, 'nobody@example.org', 'not this one')
  expect(await waitForRefusal(device)).toBe(known)

  await signIn(device, owner.email, PASSWORD)
  await waitUntilSignedIn(device)
  await page.waitForURL('**/settings/profile')
  expect(await textbox(page, 'Name').inputValue()).toBe('Olga Orlova')
})

test('an invitation that Administration mails makes an account of that address alone, and not with a common password', async () => {
  const host = await openDevice(installation, { account: owner })
  await host.goto('/admin/invitations')
  await clickButton(host.page, 'Invite')
  await fill(host.page, { 'Invite by email': 'rita@example.org' })
  await clickButton(host.page.getByRole('dialog'), 'Create link')
  expect(await textbox(host.page, 'Invitation link').inputValue()).toMatch(`${installation.url}/signup?invite=`)
  const toRita = async () => (await installation.mails()).find(({ to }) => to === 'rita@example.org')
  const mail = await until(toRita, 'the invitation is mailed')

  const invited = await openDevice(installation)
  invited.pageLog.expect(refused(422))
  const { page } = invited
  await page.goto(/https?:\S+invite=\S+/.exec(mail.text)?.[0] ?? '')
  expect(await textbox(page, 'Email').inputValue()).toBe('rita@example.org')
  expect(await textbox(page, 'Email').getAttribute('readonly')).not.toBeNull()
  await fill(page, { Name: 'Rita', Password: 'password123' })
  await clickButton(page, 'Create account')
  await waitUntilVisible(page.getByRole('alert').getByText('the list of those tried first'))
  await fill(page, { Password: PASSWORD })
  await clickButton(page, 'Create account')
  await waitUntilSignedIn(invited)
  expect(await link(page, 'Admin').count()).toBe(0)
})

test('a forgotten password is replaced with the code from the mail or by the link of the operator, and other devices are signed out', async () => {
  const anna = await newPerson('Anna Forgetful')
  const other = await openDevice(installation, { account: anna })
  other.pageLog.expect(refused(401))
  await other.goto('/settings')
  await waitUntilSignedIn(other)

  const device = await openDevice(installation)
  const { page } = device
  await device.goto('/signin')
  await link(page, 'Forgotten password?').click()
  await waitUntilVisible(page.getByRole('heading', { name: 'A new password' }))
  await fill(page, { Email: anna.email })
  await clickButton(page, 'Send code')
  await waitUntilVisible(textbox(page, 'Code'))
  const toAnna = async () => (await installation.mails()).find(({ to }) => to === anna.email)
  const mail = await until(toAnna, 'the code is mailed')
  await fill(page, { Code: /\b\d{6}\b/.exec(mail.text)?.[0] ?? '', 'New password': 'another pot 8' })
  await clickButton(page, 'Set password')
  await waitUntilSignedIn(device)
  await waitUntilVisible(button(other.page, 'Sign in'))

  device.pageLog.expect(refused(401))
  await other.page.goto(await installation.adminLink('--email', anna.email))
  await fill(other.page, { 'New password': 'a third pot 9' })
  await clickButton(other.page, 'Set password')
  await waitUntilSignedIn(other)
  await waitUntilVisible(button(page, 'Sign in'))
})
