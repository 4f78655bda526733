import { expect, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newSession } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { waitUntilVisible } from './screens/controls.ts'

test('the language that is chosen before signing in is kept for the next visit', async () => {
  const device = await openDevice(installation)
  await device.goto('/signin')
  await device.page.getByRole('button', { name: 'Русский' }).click()
  await waitUntilVisible(device.page.getByRole('heading', { name: 'С возвращением' }))
  expect(await device.page.evaluate(() => document.documentElement.lang)).toBe('ru')
  await device.page.reload()
  await waitUntilVisible(device.page.getByRole('heading', { name: 'С возвращением' }))
})

test('the language of an account is the language of each of its devices', async () => {
  const anna = await newPerson('Anna Polyglot')
  const one = await openDevice(installation, { account: anna })
  const other = await openDevice(installation, { account: await newSession(installation, anna) })
  await other.goto('/settings/language')
  await one.goto('/settings/language')
  await one.page.getByRole('combobox', { name: 'Language' }).selectOption('Русский')
  await waitUntilVisible(one.page.getByRole('heading', { name: 'Язык' }))
  await waitUntilVisible(other.page.getByRole('heading', { name: 'Язык' }))
  await other.page.getByRole('combobox', { name: 'Язык' }).selectOption('English')
  await waitUntilVisible(one.page.getByRole('heading', { name: 'Language' }))
})
