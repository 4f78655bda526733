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
import { takeCallScreenshots } from './call-screenshots.ts'
import { newSession } from './installation/accounts.ts'
import { OwnInstallation } from './installation/OwnInstallation.ts'
import { english, russian, type Script } from './installation/scripts.ts'
import { newTeam, type Team } from './installation/team.ts'
import { settle } from './screens/tour.ts'

type Locale = 'en' | 'ru'
type Scene = { browser: Browser; installation: OwnInstallation; team: Team; script: Script; locale: Locale }
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
  const installation = await OwnInstallation.start({ settings, nodes: 1 })
  try {
    const team = await newTeam(installation, script, locale)
    const scene = { browser, installation, team, script, locale }
    await appear(scene, [1, 3, 4])
    await team.people[0].api.admin.createInvite.mutate({ role: 'admin', email: 'ivan@example.org', uses: 1, days: 7 })
    for (const picture of pictures(scene)) await take(scene, picture)
    await takeCallScreenshots(scene, { wide, narrow }, (of) => join(docs, `${of}-${locale}.png`))
  } finally {
    await installation.stop()
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
async function appear({ browser, installation, team }: Scene, staying: number[]): Promise<void> {
  const [, ...others] = team.people
  for (const [index, account] of others.entries()) {
    const context = await browser.newContext(wide)
    await takeSession(context, installation, account)
    const page = await context.newPage()
    const connected = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framereceived'))
    await page.goto(`${installation.url}/people`)
    await connected
    if (!staying.includes(index + 1)) await context.close()
  }
}

async function take(scene: Scene, picture: Picture): Promise<void> {
  const { browser, installation, team, script, locale } = scene
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
    await takeSession(context, installation, await newSession(installation, anna))
    await page.goto(`${installation.url}/chats/${team.chats[3]}`)
    await settle(page)
    await page.locator('textarea').fill(script.words.draft)
    await page.keyboard.press('Escape')
    await page.getByText(script.words.draft.trim()).first().waitFor()
  }
  await page.goto(installation.url + picture.path)
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
