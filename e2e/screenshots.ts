/**
 * The pictures of the README, the docs and the manifest, made from a believable installation in English and in Russian:
 * `node e2e/screenshots.ts`, after the web app has been built.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { checkout } from '../ops/cli/env.ts'
import { findMediaWorker } from '../ops/cli/machine/media-worker.ts'
import { startTestServices } from '../ops/test/services.ts'
import { launch, takeSession } from './browser/launch.ts'
import { takeCallPictures } from './call-pictures.ts'
import { anotherSession } from './house/accounts.ts'
import { Installation } from './house/Installation.ts'
import { english, russian, type Script } from './house/scripts.ts'
import { newTeam, type Team } from './house/team.ts'
import { settle } from './screens/tour.ts'

type Locale = 'en' | 'ru'
type Scene = { browser: Browser; house: Installation; team: Team; script: Script; locale: Locale }
type Picture = {
  file: string
  path: string
  dark?: boolean
  phone?: boolean
  outside?: boolean
  act?: (page: Page) => Promise<void>
}

const docs = join(checkout, 'docs/screenshots')
const manifest = join(checkout, 'apps/web/static/screenshots')
const wide = { viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 }
const narrow = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }

const services = await startTestServices()
Object.assign(process.env, services.env)
process.env['MEDIASOUP_WORKER_BIN'] ||= findMediaWorker() ?? ''
const browser = await chromium.launch(launch)
try {
  for (const folder of [docs, manifest]) mkdirSync(folder, { recursive: true })
  await shoot(browser, 'en', english)
  await shoot(browser, 'ru', russian)
} finally {
  await browser.close()
  await services.stop()
}

async function shoot(browser: Browser, locale: Locale, script: Script): Promise<void> {
  const settings: Record<string, string> = locale === 'ru' ? { SERVER_NAME: 'Вече' } : {}
  const house = await Installation.start({ settings, nodes: 1 })
  try {
    const team = await newTeam(house, script, locale)
    const scene = { browser, house, team, script, locale }
    await appear(scene, [1, 3, 4])
    await team.people[0].api.admin.createInvite.mutate({ role: 'admin', email: 'ivan@example.org', uses: 1, days: 7 })
    for (const picture of pictures(scene)) await take(scene, picture)
    await takeCallPictures(scene, { wide, narrow }, (of) => join(docs, `${of}-${locale}.png`))
  } finally {
    await house.stop()
  }
}

function pictures({ team, locale }: Scene): Picture[] {
  const chat = `/chats/${team.chats[0]}`
  const name = (of: string) => join(docs, `${of}-${locale}.png`)
  return [
    { file: name('sign-in'), path: '/signin', outside: true },
    { file: name('phone-chats'), path: '/', phone: true },
    { file: name('phone-conversation'), path: chat, phone: true },
    { file: name('chats-light'), path: chat },
    { file: name('chats-dark'), path: chat, dark: true },
    { file: name('settings'), path: '/settings/profile' },
    { file: name('administration'), path: '/admin/people' },
    { file: name('invitations'), path: '/admin/invitations' },
    ...(locale === 'en'
      ? [
          { file: join(manifest, 'narrow.png'), path: chat, phone: true },
          { file: join(manifest, 'wide.png'), path: chat },
        ]
      : []),
  ]
}

/** Everybody has been here, and these still are. */
async function appear({ browser, house, team }: Scene, staying: number[]): Promise<void> {
  const [, ...others] = team.people
  for (const [index, account] of others.entries()) {
    const context = await browser.newContext(wide)
    await takeSession(context, house, account)
    const page = await context.newPage()
    const connected = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framereceived'))
    await page.goto(`${house.url}/people`)
    await connected
    if (!staying.includes(index + 1)) await context.close()
  }
}

async function take(scene: Scene, picture: Picture): Promise<void> {
  const { browser, house, team, script, locale } = scene
  const [anna] = team.people
  const context = await browser.newContext({
    ...(picture.phone ? narrow : wide),
    timezoneId: earlyAfternoon(),
    locale: locale === 'ru' ? 'ru-RU' : 'en-US',
    colorScheme: picture.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  if (!picture.outside) {
    await takeSession(context, house, await anotherSession(house, anna))
    await page.goto(`${house.url}/chats/${team.chats[3]}`)
    await settle(page)
    await page.locator('textarea').fill(script.words.draft)
    await page.keyboard.press('Escape')
    await page.getByText(script.words.draft.trim()).first().waitFor()
  }
  await page.goto(house.url + picture.path)
  await settle(page)
  // Names come a moment after the messages of those who were not met before.
  await page.waitForFunction(() => !/Somebody|Кто-то/.test(document.body.innerText))
  const typist = team.people[script.words.typing]
  const chat = team.chats[2]
  if (typist && chat && !picture.outside) await typist.api.messages.typing.mutate({ chatId: chat })
  await page.screenshot({ path: picture.file })
  console.log(picture.file)
  await context.close()
}

/** Whenever the pictures are made, it is about two o'clock in them: nobody chats at night. The signs of these zones are turned round. */
function earlyAfternoon(): string {
  const ahead = 14 - new Date().getUTCHours()
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}
