import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { acceptInvitation, PASSWORD } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { button, waitUntilHidden, link, clickButton, waitUntilVisible } from './screens/controls.ts'
import { waitUntilSignedIn, signIn, waitForRefusal } from './screens/sign-in.ts'

test('an owner makes somebody an administrator and takes it back, disables and enables them, and their screen follows', async () => {
  const aaron = await newPerson('Aaron Ilyin')
  const hisDevice = await openDevice(installation, { account: aaron })
  hisDevice.pageLog.expect(refused(401))
  await hisDevice.goto('/admin/people')
  await waitUntilVisible(hisDevice.page.getByText('Only for administrators'))
  expect(hisDevice.pageLog.requests.filter((url) => url.includes('admin.'))).toEqual([])
  await hisDevice.goto('/people')
  await waitUntilSignedIn(hisDevice)
  expect(await link(hisDevice.page, 'Admin').count()).toBe(0)

  const herDevice = await openDevice(installation, { account: owner })
  await herDevice.goto('/admin/people')
  const invitation = await owner.api.admin.createInvite.mutate({ role: 'member', uses: 1, days: 7 })
  // The name comes first in the alphabet, so that it is on the first page.
  await acceptInvitation(installation, invitation.link, { name: 'Aaron Abel' })
  for (const { page } of [herDevice, hisDevice]) await waitUntilVisible(page.getByText('Aaron Abel'))

  const choose = async (role: 'menuitem' | 'menuitemradio', name: string) => {
    await clickButton(herDevice.page, 'Options for Aaron Ilyin')
    await herDevice.page.getByRole(role, { name, exact: true }).click()
  }
  await choose('menuitemradio', 'Administrator')
  await clickButton(herDevice.page.getByRole('alertdialog'), 'Change')
  await link(hisDevice.page, 'Admin').click()
  await hisDevice.page.getByRole('link', { name: 'People', exact: true }).last().click()
  // Others share this installation, so she may be on a page further down.
  await hisDevice.page.getByRole('searchbox', { name: 'Find people' }).fill('Olga Orlova')
  await waitUntilVisible(hisDevice.page.getByRole('list', { name: 'People' }).getByText('Olga Orlova'))
  expect(await button(hisDevice.page, 'Options for Olga Orlova').count()).toBe(0)
  await choose('menuitemradio', 'Member')
  await clickButton(herDevice.page.getByRole('alertdialog'), 'Change')
  await waitUntilHidden(link(hisDevice.page, 'Admin'))

  await choose('menuitem', 'Disable')
  await clickButton(herDevice.page.getByRole('alertdialog'), 'Disable')
  await waitUntilVisible(button(hisDevice.page, 'Sign in'))
  await signIn(hisDevice, aaron.email, PASSWORD)
  await waitForRefusal(hisDevice)
  await choose('menuitem', 'Enable')
  await waitUntilHidden(herDevice.page.getByText('Disabled', { exact: true }))
  await signIn(hisDevice, aaron.email, PASSWORD)
  await waitUntilSignedIn(hisDevice)

  await herDevice.goto('/admin/connections')
  await waitUntilVisible(herDevice.page.getByRole('list', { name: 'Parts' }).getByText('PostgreSQL'))
  await waitUntilVisible(herDevice.page.getByRole('list', { name: 'Here now' }).getByText('Aaron Ilyin'))
  await herDevice.goto('/admin/files')
  await waitUntilVisible(herDevice.page.getByText('PERSON_MAX_BYTES'))
  await waitUntilVisible(herDevice.page.getByRole('meter', { name: 'Disk of the files' }))
})

test('the uses that are left of an invitation follow when its page is looked at again, and one that an owner revokes opens nothing', async () => {
  const { link: address } = await owner.api.admin.createInvite.mutate({ role: 'member', uses: 5, days: 7 })
  const device = await openDevice(installation, { account: owner })
  const { page } = device
  await device.goto('/admin/invitations')
  await waitUntilVisible(page.getByText('5 uses left'))
  await acceptInvitation(installation, address, { name: 'Emma Invited' })
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  await waitUntilVisible(page.getByText('4 uses left'))
  await clickButton(page, 'Revoke: Anyone with the link')
  await clickButton(page.getByRole('alertdialog'), 'Revoke')
  await waitUntilVisible(page.getByRole('list', { name: 'Used up and past' }).getByText('Revoked').first())
  const signedOut = await openDevice(installation)
  await signedOut.page.goto(address)
  await waitUntilVisible(signedOut.page.getByRole('heading', { name: 'This invitation does not work' }))
})
