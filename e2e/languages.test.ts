import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { newOwner } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { russian } from './house/scripts.ts'
import { newTeam } from './house/team.ts'
import { seen } from './screens/controls.ts'
import { foreignWords } from './screens/findings.ts'
import { inside, outside, visit } from './screens/tour.ts'

const [house, дом] = await Promise.all([
  Installation.start(),
  Installation.start({ settings: { SERVER_NAME: 'Вече' } }),
])
const anna = await newOwner(house, { name: 'Anna Lindqvist' })
const команда = await newTeam(дом, russian, 'ru')
afterAll(() => Promise.all([house.stop(), дом.stop()]))

describe('every screen', () => {
  it('speaks Russian and nothing else to whoever chose Russian', { timeout: 180_000 }, async () => {
    const device = await openDevice(дом, { account: команда.people[0] })
    const visitor = await openDevice(дом, { locale: 'ru-RU' })
    const found: string[] = []
    for (const stop of inside(команда.chats[0] ?? '', 'ru')) {
      await visit(device, stop)
      found.push(...(await foreignWords(device.page, 'ru')).map((text) => `${stop.name}: ${text}`))
    }
    for (const stop of outside('/signup')) {
      await visit(visitor, stop)
      found.push(...(await foreignWords(visitor.page, 'ru')).map((text) => `${stop.name}: ${text}`))
    }
    expect(found).toEqual([])
  })
})

describe('the language', () => {
  it('is changed at the door, at once, and kept for the next visit', async () => {
    const device = await openDevice(house)
    await device.goto('/signin')
    await device.page.getByRole('button', { name: 'Русский' }).click()
    await seen(device.page.getByRole('heading', { name: 'С возвращением' }))
    expect(await device.page.evaluate(() => document.documentElement.lang)).toBe('ru')
    await device.page.reload()
    await seen(device.page.getByRole('heading', { name: 'С возвращением' }))
  })

  it('of an account is the language of each of its devices', async () => {
    const one = await openDevice(house, { account: anna })
    const other = await openDevice(house, { account: anna })
    await other.goto('/settings/language')
    await one.goto('/settings/language')
    await one.page.getByRole('combobox', { name: 'Language' }).selectOption('Русский')
    await seen(one.page.getByRole('heading', { name: 'Язык' }))
    await seen(other.page.getByRole('heading', { name: 'Язык' }))
    await other.page.getByRole('combobox', { name: 'Язык' }).selectOption('English')
    await seen(one.page.getByRole('heading', { name: 'Language' }))
  })
})
