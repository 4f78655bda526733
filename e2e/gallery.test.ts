import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Locator, Page } from 'playwright-core'
import type { ChatId } from '@veche/shared/ids'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { browserOfRun } from './browser/browser-of-run.ts'
import { type Device, openDevice } from './browser/Device.ts'
import { networkTrouble, refused } from './browser/PageLog.ts'
import { type Account, newGroup, send } from './installation/accounts.ts'
import { sendFiles } from './sent-files.ts'
import { installation, newPerson } from './installation/shared.ts'
import { log, message, openDetails, waitForConnection } from './screens/chats.ts'
import { button, clickButton, link, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'
import { axeFindings, overflowing, smallTargets } from './screens/findings.ts'

/** A picture that looks like something: a sky, a sun and hills. */
const photo = (width: number, height: number, hue: number) =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
      <linearGradient id="sky" x2="0" y2="1"><stop stop-color="hsl(${hue},70%,55%)"/><stop offset="1" stop-color="hsl(${hue + 40},80%,85%)"/></linearGradient>
      <rect width="100%" height="100%" fill="url(#sky)"/><circle cx="70%" cy="30%" r="${width / 12}" fill="#fff3c4"/>
      <path d="M0 ${height * 0.7} Q ${width * 0.25} ${height * 0.4} ${width * 0.5} ${height * 0.7} T ${width} ${height * 0.62} V ${height} H 0Z" fill="hsl(${hue + 120},35%,30%)"/>
    </svg>`),
  )
    .jpeg()
    .toBuffer()

/** Standing, as phones take them, and with a length. */
async function standingVideo(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'veche-video-'))
  try {
    const path = join(folder, 'video.webm')
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=360x640:r=10:d=8']
    await promisify(execFile)('ffmpeg', ['-v', 'error', ...source, '-c:v', 'libvpx', '-deadline', 'realtime', path])
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** One empty page. */
function pdf(): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 210 297] >>',
  ]
  const body = objects.map((object, at) => `${at + 1} 0 obj ${object} endobj\n`).join('')
  return Buffer.from(`%PDF-1.4\n${body}trailer << /Root 1 0 R /Size 4 >>\n%%EOF\n`)
}

async function newChatWithFiles(
  anna: Account,
  boris: Account,
  title: string,
): Promise<{ chatId: ChatId; newest: number }> {
  const chatId = await newGroup(anna, title, [boris])
  const picture = async (name: string, width: number, height: number, hue: number) => {
    return { name, width, height, bytes: await photo(width, height, hue) }
  }
  const by = (who: Account, body: string, ...files: { name: string; bytes: Buffer }[]) =>
    sendFiles(installation, who, { chatId, body, files })
  await by(anna, 'The lake', await picture('lake.jpg', 2400, 1600, 190))
  await by(anna, '', { name: 'Отчёт за май.pdf', bytes: Buffer.from('%PDF-1.4 a report') })
  await send(boris, chatId, 'The way there: https://example.org/maps/the-lake?from=here, and see veche.example.com')
  for (let count = 0; count < 30; count++) await send(anna, chatId, `a word between, number ${count}`)
  await by(boris, '', await picture('tower.jpg', 900, 1600, 20), await picture('field.jpg', 1600, 900, 90))
  const { seq: newest } = await by(boris, 'And the evening', await picture('evening.jpg', 1600, 1200, 280))
  return { chatId, newest }
}

const viewer = (page: Page, name: string) => page.getByRole('dialog', { name, exact: true })

async function openGallery(page: Page): Promise<Locator> {
  const details = await openDetails(page)
  await button(details, 'Shared files').click()
  const gallery = page.getByRole('dialog', { name: 'Shared files' })
  await waitUntilVisible(gallery)
  return gallery
}

/** How large the picture that is looked at is drawn. */
const drawnWidth = (shown: Locator) => shown.getByRole('img').evaluate((each) => each.getBoundingClientRect().width)

async function expectNothingFound(device: Device): Promise<void> {
  const { page } = device
  const isNarrow = (page.viewportSize()?.width ?? 0) < 768
  const found = [
    ...(await axeFindings(page)),
    ...(await overflowing(page)),
    ...(isNarrow ? await smallTargets(page) : []),
  ]
  expect(found).toEqual([])
}

/** A finger on the screen. Playwright has one in Chromium alone. */
async function swipe(page: Page, from: [number, number], to: [number, number]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: [number, number][]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y]) => ({ x, y })) })
  await touch('touchStart', from)
  for (const part of [0.2, 0.5, 0.8, 1])
    await touch('touchMove', [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part])
  await touch('touchEnd')
  await session.detach()
}

test('the viewer goes from a picture on through the whole chat, by keys, wheel and finger, and leads to its message', async () => {
  const [anna, boris] = [await newPerson('Anna Viewer'), await newPerson('Boris Viewer')]
  const { chatId, newest } = await newChatWithFiles(anna, boris, 'Pictures')
  const device = await openDevice(installation, { account: anna, width: 1440, height: 900 })
  const { page } = device
  await device.goto(`/chats/${chatId}?message=${newest}`)
  const opener = button(message(page, 'And the evening'), 'Open picture evening.jpg')
  await opener.click()
  await waitUntilVisible(viewer(page, 'evening.jpg').getByRole('img'))
  await waitUntilVisible(viewer(page, 'evening.jpg').getByText('And the evening'))
  // Now it knows what stands beside it.
  await waitUntilVisible(viewer(page, 'evening.jpg').getByText(/\d of \d/))
  for (const name of ['field.jpg', 'tower.jpg', 'lake.jpg']) {
    await page.keyboard.press('ArrowLeft')
    await waitUntilVisible(viewer(page, name).getByRole('img', { name }))
  }
  await expectNothingFound(device)
  await page.keyboard.press('End')
  await waitUntilVisible(viewer(page, 'evening.jpg'))
  await page.keyboard.press('Home')

  const lake = viewer(page, 'lake.jpg')
  await waitUntilVisible(lake)
  const whole = await drawnWidth(lake)
  await page.keyboard.press('+')
  await expect.poll(() => drawnWidth(lake)).toBeGreaterThan(whole * 1.4)
  // The original is asked for when somebody looks closer.
  await waitUntilVisible(lake.locator('img[src$="/1280"] + img'))
  await page.keyboard.press('0')
  await expect.poll(() => drawnWidth(lake)).toBe(whole)
  await page.mouse.move(720, 450)
  await page.mouse.wheel(0, -400)
  await expect.poll(() => drawnWidth(lake)).toBeGreaterThan(whole)
  await page.mouse.dblclick(720, 450)
  await expect.poll(() => drawnWidth(lake)).toBe(whole)
  await clickButton(lake, 'Go to message')
  await waitUntilHidden(page.getByRole('dialog'))
  await expect.poll(() => message(page, 'The lake').getAttribute('aria-current')).toBe('true')

  await device.goto(`/chats/${chatId}?message=${newest}`)
  await opener.click()
  await waitUntilVisible(viewer(page, 'evening.jpg'))
  await page.keyboard.press('Escape')
  await waitUntilHidden(page.getByRole('dialog'))
  await expect.poll(() => opener.evaluate((each) => each === document.activeElement)).toBe(true)

  await page.setViewportSize({ width: 360, height: 740 })
  await opener.click()
  await waitUntilVisible(viewer(page, 'evening.jpg').getByRole('img'))
  if (browserOfRun() !== 'chromium') return expectNothingFound(device)
  await swipe(page, [100, 380], [300, 390])
  await waitUntilVisible(viewer(page, 'field.jpg').getByRole('img'))
  await swipe(page, [250, 380], [50, 370])
  await waitUntilVisible(viewer(page, 'evening.jpg'))
  await expectNothingFound(device)
  await swipe(page, [180, 300], [185, 560])
  await waitUntilHidden(page.getByRole('dialog'))
})

test('a video stays between the bars, a finger on it goes on to what stands beside it and closes it, and its own bar is left to it', async () => {
  const [anna, boris] = [await newPerson('Anna Video'), await newPerson('Boris Video')]
  const chatId = await newGroup(anna, 'Videos', [boris])
  const picture = { name: 'lake.jpg', width: 1600, height: 1200, bytes: await photo(1600, 1200, 190) }
  const video = { name: 'walk.webm', width: 360, height: 640, durationMs: 8000, bytes: await standingVideo() }
  await sendFiles(installation, anna, { chatId, body: 'The lake', files: [picture] })
  const sent = await sendFiles(installation, anna, { chatId, body: 'The walk', files: [video] })
  const device = await openDevice(installation, { account: boris, width: 360, height: 740 })
  const { page } = device
  await device.goto(`/chats/${chatId}`)
  const opener = message(page, 'The walk').getByRole('button', { name: /walk.webm/ })
  const shown = viewer(page, 'walk.webm')
  await opener.click()
  const player = shown.locator('video')
  await waitUntilVisible(player)
  await expect.poll(() => player.evaluate((each: HTMLVideoElement) => each.readyState)).toBeGreaterThan(1)
  const box = (await player.boundingBox())!
  expect(box.y).toBeGreaterThanOrEqual(64)
  const words = (await shown.getByText('The walk').boundingBox())!
  expect(box.y + box.height).toBeLessThanOrEqual(words.y)
  await expectNothingFound(device)

  if (browserOfRun() === 'chromium') {
    const low = box.y + box.height - 24
    await swipe(page, [100, low], [300, low])
    await waitUntilVisible(player)
    await swipe(page, [100, 370], [300, 375])
    await waitUntilVisible(viewer(page, 'lake.jpg').getByRole('img'))
    await swipe(page, [250, 370], [50, 375])
    await waitUntilVisible(player)
    await swipe(page, [180, 250], [185, 500])
  } else await page.keyboard.press('Escape')
  await waitUntilHidden(page.getByRole('dialog'))

  await opener.click()
  await waitUntilVisible(shown)
  await anna.api.messages.delete.mutate({ chatId, seq: sent.seq })
  await waitUntilHidden(page.getByRole('dialog'))
  await waitUntilVisible(page.getByText('This video was deleted'))
})

test('a document shows its first page in its message and in the gallery, and many pictures fit on the screen of a phone', async () => {
  const [anna, boris] = [await newPerson('Anna Pages'), await newPerson('Boris Pages')]
  const chatId = await newGroup(anna, 'Pages', [boris])
  const words =
    'A caption that is much longer than the pictures are wide, so that it has to break where they end, and again'
  const pictures = await Promise.all(
    Array.from({ length: 10 }, async (_, at) => ({
      name: `${at}.jpg`,
      ...(at === 4 ? { width: 2400, height: 600 } : { width: 800, height: 600 }),
      bytes: at === 4 ? await photo(2400, 600, at * 36) : await photo(800, 600, at * 36),
    })),
  )
  await sendFiles(installation, anna, { chatId, body: words, files: pictures })
  const name = `${'a very long name '.repeat(6)}of a report.pdf`
  await sendFiles(installation, anna, { chatId, body: 'The report', files: [{ name, bytes: pdf() }] })
  const device = await openDevice(installation, { account: boris, width: 360, height: 740 })
  const { page } = device
  await device.goto(`/chats/${chatId}`)
  const report = message(page, 'The report')
  const isLoaded = (within: Locator) =>
    within
      .locator('img[src$="/320"]')
      .evaluateAll((all) => all.map((each) => (each as HTMLImageElement).naturalWidth > 0))
  await expect.poll(() => isLoaded(report)).toEqual([true])
  await waitUntilVisible(report.getByText('PDF', { exact: true }))
  await waitUntilVisible(report.getByText('.pdf', { exact: true }))
  await expectNothingFound(device)

  const album = message(page, words)
  const heightOf = (locator: Locator) => locator.evaluate((each) => each.getBoundingClientRect().height)
  expect(await heightOf(album.locator('.album'))).toBeLessThan(740)
  await page.setViewportSize({ width: 1440, height: 900 })
  const strip = () =>
    album.locator('.bubble').evaluate((bubble) => {
      const pictures = bubble.querySelector('.album')!.getBoundingClientRect()
      return bubble.getBoundingClientRect().right - pictures.right
    })
  await expect.poll(strip).toBeLessThanOrEqual(7)
  const gallery = await openGallery(page)
  await gallery.getByRole('tab', { name: 'Files' }).click()
  await expect.poll(() => isLoaded(gallery)).toEqual([true])
  await expectNothingFound(device)
})

test('a gallery shows what was sent by its kind, follows the chat, and what was seen is there without a network until the person signs out', async () => {
  const [anna, boris] = [await newPerson('Anna Gallery'), await newPerson('Boris Gallery')]
  const { chatId } = await newChatWithFiles(anna, boris, 'Shared')
  const device = await openDevice(installation, { account: anna, installed: true, width: 360, height: 740 })
  const { page } = device
  await device.goto(`/chats/${chatId}`)
  await waitForConnection(page, 'Online')
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  const gallery = await openGallery(page)
  const tiles = gallery.getByRole('button', { name: /^Photo, / })
  await expect.poll(() => tiles.count()).toBe(4)
  await expectNothingFound(device)
  const { seq } = await sendFiles(installation, boris, {
    chatId,
    files: [{ name: 'late.jpg', bytes: await photo(640, 480, 330), width: 640, height: 480 }],
  })
  await expect.poll(() => tiles.count()).toBe(5)
  // Its preview is here: one that is fetched while the message is deleted would be refused.
  await expect.poll(() => shownPictures(tiles)).toBe(5)
  await boris.api.messages.delete.mutate({ chatId, seq })
  await expect.poll(() => tiles.count()).toBe(4)

  await gallery.getByRole('tab', { name: 'Media' }).press('ArrowRight')
  await waitUntilVisible(gallery.getByRole('link', { name: /Отчёт за май.pdf/ }))
  await expectNothingFound(device)
  await gallery.getByRole('tab', { name: 'Files' }).press('ArrowRight')
  await waitUntilVisible(gallery.getByRole('link', { name: /example.org\/maps\/the-lake/ }))
  await waitUntilVisible(gallery.getByRole('link', { name: /veche.example.com/ }))
  await gallery.getByRole('tab', { name: 'Links' }).press('End')
  await waitUntilVisible(gallery.getByText('No voice messages yet'))
  await gallery.getByRole('tab', { name: 'Media' }).click()
  await tiles.last().click()
  await waitUntilVisible(viewer(page, 'lake.jpg').getByRole('img'))
  await clickButton(viewer(page, 'lake.jpg'), 'Go to message')
  await waitUntilHidden(page.getByRole('dialog'))
  await expect.poll(() => message(page, 'The lake').getAttribute('aria-current')).toBe('true')
  await expect.poll(() => keptFiles(page)).toBeGreaterThan(3)

  device.pageLog.expect(networkTrouble)
  await device.goOffline()
  await waitForConnection(page, 'Offline')
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(log(page))
  await openGallery(page)
  await waitUntilVisible(gallery.getByText('Offline. This is what the device keeps.'))
  await expect.poll(() => shownPictures(tiles)).toBeGreaterThan(2)
  await device.goOnline()
  await expect.poll(() => gallery.getByText('Offline. This is what the device keeps.').count()).toBe(0)
  await expect.poll(() => tiles.count()).toBe(4)

  await device.goto('/settings/data')
  await waitUntilVisible(page.getByRole('combobox', { name: 'Keep files up to' }))
  await waitUntilVisible(page.getByText(/^\d+ kB$/))
  await waitUntilVisible(page.getByText('Files that you sent'))
  await expectNothingFound(device)
  await device.goto('/settings')
  await clickButton(page, 'Sign out')
  await waitUntilVisible(page.getByRole('textbox', { name: 'Email' }))
  expect(await keptFiles(page)).toBe(0)
  expect(await link(page, 'Settings').count()).toBe(0)
  device.pageLog.expect(refused(401))
})

/** How many files the device keeps, beside the list of them. */
const keptFiles = (page: Page) =>
  page.evaluate(async () => {
    if (!(await caches.has('veche-files'))) return 0
    const keys = await (await caches.open('veche-files')).keys()
    return keys.filter(({ url }) => !url.endsWith('/kept')).length
  })

const shownPictures = (tiles: Locator) =>
  tiles.locator('img').evaluateAll((all) => all.filter((each) => (each as HTMLImageElement).naturalWidth > 0).length)
