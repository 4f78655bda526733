import { afterAll, describe, expect, it } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { Installation } from './house/Installation.ts'
import { english, russian } from './house/scripts.ts'
import { newTeam } from './house/team.ts'
import { seen } from './screens/controls.ts'
import { words } from './screens/findings.ts'
import { inside, outside, visit } from './screens/tour.ts'

const [house, дом] = await Promise.all([Installation.start(), Installation.start({ SERVER_NAME: 'Вече' })])
const team = await newTeam(house, english, 'en')
const команда = await newTeam(дом, russian, 'ru')
afterAll(() => Promise.all([house.stop(), дом.stop()]))

/** Keys, codes and what programs leave behind when a word is missing. */
const leftovers =
  /\bundefined\b|\bnull\b|\bNaN\b|\[object|\{\w*\}|\b(auth|user|dialog|message|input|request|server|network|scope|invite|mail)\.[a-z_]+\b/
const cyrillic = /[а-яё]/i
const latin = /[a-z]{2,}/i
/** Names of things that are written so in Russian too. */
const kept =
  /\b(Veche|English|PostgreSQL|Redis|API|Ctrl|Esc|Enter|Shift|Home|End|HeadlessChrome|Chrome(ium)?|Linux|veche admin link|SMTP_URL)\b|@[a-z0-9_]+|[\w.+-]+@example\.org|https?:\S+|\/dev\/mail|127\.0\.0\.1|::1/g

describe('every screen', () => {
  it('speaks English and nothing else to whoever chose English', async () => {
    const device = await openDevice(house, { account: team.people[0] })
    const visitor = await openDevice(house)
    const found: string[] = []
    for (const stop of inside(team.chats[0] ?? '')) {
      await visit(device, stop)
      found.push(...(await words(device.page)).filter((text) => cyrillic.test(text.replace('Русский', ''))))
      found.push(...(await words(device.page)).filter((text) => leftovers.test(text)))
    }
    for (const stop of outside('/signup')) {
      await visit(visitor, stop)
      found.push(...(await words(visitor.page)).filter((text) => cyrillic.test(text.replace('Русский', ''))))
      found.push(...(await words(visitor.page)).filter((text) => leftovers.test(text)))
    }
    expect(found).toEqual([])
  })

  it('speaks Russian and nothing else to whoever chose Russian', async () => {
    const device = await openDevice(дом, { account: команда.people[0] })
    const visitor = await openDevice(дом, { locale: 'ru-RU' })
    const found: string[] = []
    const look = async (texts: string[], name: string) => {
      const foreign = texts.filter((text) => latin.test(text.replace(kept, '')) || leftovers.test(text))
      found.push(...foreign.map((text) => `${name}: ${text}`))
    }
    for (const stop of inside(команда.chats[0] ?? '', 'ru')) {
      await visit(device, stop)
      await look(await words(device.page), stop.name)
    }
    for (const stop of outside('/signup')) {
      await visit(visitor, stop)
      await look(await words(visitor.page), stop.name)
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
    const [anna] = team.people
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
