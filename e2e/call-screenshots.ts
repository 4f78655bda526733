import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { takeSession } from './browser/launch.ts'
import { type Account, newSession } from './installation/accounts.ts'
import type { Installation } from './installation/Installation.ts'
import type { Team } from './installation/team.ts'
import { drawCamera, type DrawnCamera } from './media/drawn-camera.ts'
import { button } from './screens/controls.ts'

type Words = { join: string; share: string; camera: string; mute: string; slide: DrawnCamera['slide'] }
type Stage = { browser: Browser; installation: Installation; team: Team; locale: 'en' | 'ru' }
type Looks = { wide: BrowserContextOptions; narrow: BrowserContextOptions }

const words: Record<Stage['locale'], Words> = {
  en: {
    join: 'Join now',
    share: 'Share screen',
    camera: 'Turn camera off',
    mute: 'Mute microphone',
    slide: {
      title: 'Thursday, in the yard',
      lines: ['9:00  samples of oak and larch', '9:30  doors to the terrace', '10:00  the plan'],
    },
  },
  ru: {
    join: 'Присоединиться',
    share: 'Показать экран',
    camera: 'Выключить камеру',
    mute: 'Выключить микрофон',
    slide: { title: 'Порядок выкладки', lines: ['18:00  только чтение', '18:02  миграция', '18:40  проверка'] },
  },
}

const hues = [180, 300, 140, 230]

/** The page before a call, and a call of four people with a screen, as the first of them sees it: wide and on a phone, dark and light. */
export async function takeCallScreenshots(
  stage: Stage,
  { wide, narrow }: Looks,
  name: (of: string) => string,
): Promise<void> {
  const { team } = stage
  const chatId = team.chats[0]
  const [anna, ...others] = team.people
  const path = `/call/${chatId}`
  const prejoin = await openCallPage(
    stage,
    await newSession(stage.installation, anna),
    { ...wide, colorScheme: 'light' },
    0,
  )
  await prejoin.goto(stage.installation.url + path)
  await waitForPictures(prejoin, 1)
  await prejoin.screenshot({ path: name('call-prejoin') })
  await prejoin.context().close()

  const otherPages = []
  for (const [at, account] of others.slice(0, 3).entries()) {
    const page = await openCallPage(stage, account, wide, at + 1)
    await enter(stage, page, path)
    otherPages.push(page)
  }
  const { share, camera, mute } = words[stage.locale]
  await button(otherPages[0]!, mute).click()
  await button(otherPages[2]!, camera).click()
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openCallPage(stage, await newSession(stage.installation, anna), { ...wide, colorScheme }, 0)
    await enter(stage, page, path)
    await waitForPictures(page, 3)
    await page.screenshot({ path: name(`call-${colorScheme}`) })
    if (colorScheme === 'dark') {
      await button(otherPages[1]!, share).click()
      await waitForPictures(page, 4)
      await page.screenshot({ path: name('call-screen') })
    }
    await page.context().close()
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    const phone = await openCallPage(stage, await newSession(stage.installation, anna), { ...narrow, colorScheme }, 0)
    await enter(stage, phone, path)
    await waitForPictures(phone, 2)
    await phone.screenshot({ path: name(`phone-call-${colorScheme}`) })
    await phone.context().close()
  }
  for (const page of otherPages) await page.context().close()
}

async function openCallPage(stage: Stage, account: Account, looks: BrowserContextOptions, at: number): Promise<Page> {
  const { browser, installation, locale } = stage
  const language = locale === 'ru' ? 'ru-RU' : 'en-US'
  const context = await browser.newContext({ ...looks, locale: language, reducedMotion: 'reduce' })
  await takeSession(context, installation, account)
  await drawCamera(context, { hue: hues[at] ?? 0, slide: words[locale].slide })
  return context.newPage()
}

async function enter({ installation, locale }: Stage, page: Page, path: string): Promise<void> {
  await page.goto(installation.url + path)
  await button(page, words[locale].join).click()
  await page.waitForFunction(() => !document.querySelector('[role=switch]'))
  // With four cameras on a small machine, the title of a chat comes later than the pictures.
  await page.waitForFunction(() => !document.title.includes('…'), null, { timeout: 120_000 })
}

/** Waits until `count` pictures are drawn, and nothing moves any more. */
async function waitForPictures(page: Page, count: number): Promise<void> {
  const drawn = (least: number) =>
    [...document.querySelectorAll('video')].filter(({ videoWidth }) => videoWidth > 0).length >= least
  await page.waitForFunction(drawn, count)
  // Simulcast begins with the smallest picture; the one that fits follows within seconds.
  await page.waitForTimeout(4_000)
}
