import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { PASSWORD } from './installation/accounts.ts'
import { installation, newPerson, owner } from './installation/shared.ts'
import { button, waitUntilHidden, link, clickButton, waitUntilVisible } from './screens/controls.ts'
import { waitUntilSignedIn, signIn, waitForRefusal } from './screens/sign-in.ts'

test('an owner makes somebody an administrator and takes it back, disables and enables them, and their screen follows', async () => {
  const aaron = await newPerson('Aaron Ilyin')
  const his = await openDevice(installation, { account: aaron })
  his.pageLog.expect(refused(401))
  await his.goto('/admin/people')
  await waitUntilVisible(his.page.getByText('Only for administrators'))
  expect(his.pageLog.requests.filter((url) => url.includes('admin.'))).toEqual([])
  await his.goto('/people')
  await waitUntilSignedIn(his)
  expect(await link(his.page, 'Administration').count()).toBe(0)

  const hers = await openDevice(installation, { account: owner })
  await hers.goto('/admin/people')
  const choose = async (role: 'menuitem' | 'menuitemradio', name: string) => {
    await clickButton(hers.page, 'Options for Aaron Ilyin')
    await hers.page.getByRole(role, { name, exact: true }).click()
  }
  await choose('menuitemradio', 'Administrator')
  await clickButton(hers.page.getByRole('alertdialog'), 'Change')
  await link(his.page, 'Administration').click()
  await his.page.getByRole('link', { name: 'People', exact: true }).last().click()
  await waitUntilVisible(his.page.getByRole('list', { name: 'People' }).getByText('Olga Orlova'))
  expect(await button(his.page, 'Options for Olga Orlova').count()).toBe(0)
  await choose('menuitemradio', 'Member')
  await clickButton(hers.page.getByRole('alertdialog'), 'Change')
  await waitUntilHidden(link(his.page, 'Administration'))

  await choose('menuitem', 'Disable')
  await clickButton(hers.page.getByRole('alertdialog'), 'Disable')
  await waitUntilVisible(button(his.page, 'Sign in'))
  await signIn(his, aaron.email, PASSWORD)
  await waitForRefusal(his)
  await choose('menuitem', 'Enable')
  await waitUntilHidden(hers.page.getByText('Disabled', { exact: true }))
  await signIn(his, aaron.email, PASSWORD)
  await waitUntilSignedIn(his)

  await hers.goto('/admin/connections')
  await waitUntilVisible(hers.page.getByRole('list', { name: 'Parts' }).getByText('PostgreSQL'))
  await waitUntilVisible(hers.page.getByRole('list', { name: 'Here now' }).getByText('Aaron Ilyin'))
})

test('an invitation that an owner revokes opens nothing', async () => {
  const { link: address } = await owner.api.admin.createInvite.mutate({ role: 'member', uses: 5, days: 7 })
  const device = await openDevice(installation, { account: owner })
  const { page } = device
  await device.goto('/admin/invitations')
  await clickButton(page, 'Revoke: Anyone with the link')
  await clickButton(page.getByRole('alertdialog'), 'Revoke')
  await waitUntilVisible(page.getByRole('list', { name: 'Used up and past' }).getByText('Revoked').first())
  const guest = await openDevice(installation)
  await guest.page.goto(address)
  await waitUntilVisible(guest.page.getByRole('heading', { name: 'This invitation does not work' }))
})
