import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { openDevice } from './browser/Device.ts'
import { refused } from './browser/PageLog.ts'
import { newDirect, newGroup } from './installation/accounts.ts'
import { installation, newPerson } from './installation/shared.ts'
import { axeFindings } from './screens/findings.ts'
import { attach, chatInList, composer, log, message, waitForTick } from './screens/chats.ts'
import { button, waitUntilHidden, waitUntilVisible } from './screens/controls.ts'

const photo = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer()

async function downloaded(page: Page, press: Locator): Promise<string> {
  const download = page.waitForEvent('download')
  await press.click()
  return createHash('sha256')
    .update(await readFile(await (await download).path()))
    .digest('hex')
}

/** A file into the field, and another one onto the history. */
function pasteAndDrop(page: Page): Promise<void> {
  return page.evaluate(() => {
    const holding = (name: string) => {
      const data = new DataTransfer()
      data.items.add(new File(['text'], name))
      return data
    }
    const fire = (element: Element | null, event: Event) => element!.dispatchEvent(event)
    const may = { bubbles: true, cancelable: true }
    const paste = new ClipboardEvent('paste', may)
    // Firefox makes events with texts only.
    Object.defineProperty(paste, 'clipboardData', { value: holding('pasted.txt') })
    fire(document.querySelector('form textarea'), paste)
    const dataTransfer = holding('dropped.txt')
    const history = document.querySelector('form')!.parentElement
    for (const type of ['dragover', 'drop']) fire(history, new DragEvent(type, { ...may, dataTransfer }))
  })
}

test('pictures and a file with one caption reach the other person, who looks at them and downloads the file', async () => {
  const [anna, boris] = [await newPerson('Anna Files'), await newPerson('Boris Files')]
  const chatId = await newDirect(anna, boris)
  const herDevice = await openDevice(installation, { account: anna })
  const hisDevice = await openDevice(installation, { account: boris, width: 360, height: 740 })
  await herDevice.goto(`/chats/${chatId}`)
  await hisDevice.goto(`/chats/${chatId}`)
  await waitUntilVisible(composer(herDevice.page))
  const report = randomBytes(300_000)
  await attach(herDevice.page, [
    { name: 'lake.jpg', mimeType: 'image/jpeg', buffer: await photo(1600, 1200, '#286') },
    { name: 'tower.jpg', mimeType: 'image/jpeg', buffer: await photo(600, 1500, '#a42') },
    { name: 'отчёт за май.bin', mimeType: 'application/octet-stream', buffer: report },
  ])
  await composer(herDevice.page).fill('From the lake')
  const sending = herDevice.page.waitForRequest(/files\.send/)
  await button(herDevice.page, 'Send').click()
  const thumbhashes = [...((await sending).postData() ?? '').matchAll(/"thumbhash":"([\w+/]{20,36}={0,2})"/g)]
  expect(new Set(thumbhashes.map(([, thumbhash]) => thumbhash)).size).toBe(2)
  await waitForTick(herDevice.page, 'From the lake', 'Read')
  await waitUntilVisible(chatInList(herDevice.page, 'Boris Files').getByText('From the lake'))

  const his = message(hisDevice.page, 'From the lake')
  for (const name of ['lake.jpg', 'tower.jpg'])
    await waitUntilVisible(button(his, `Open picture ${name}`).locator('img'))
  const hash = createHash('sha256').update(report).digest('hex')
  expect(await downloaded(hisDevice.page, his.getByRole('link', { name: /^Download отчёт за май.bin/ }))).toBe(hash)
  await button(his, 'Open picture lake.jpg').click()
  const viewer = hisDevice.page.getByRole('dialog', { name: 'lake.jpg' })
  await expect.poll(() => viewer.getByRole('img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1280)
  await hisDevice.page.keyboard.press('ArrowRight')
  await waitUntilVisible(hisDevice.page.getByRole('dialog', { name: 'tower.jpg' }).getByRole('img'))
  await hisDevice.page.keyboard.press('Escape')
  await waitUntilHidden(hisDevice.page.getByRole('dialog'))
  const address = await his.getByRole('link', { name: /^Download/ }).getAttribute('href')
  await message(herDevice.page, 'From the lake').getByText('From the lake').click({ button: 'right' })
  await herDevice.page.getByRole('menuitem', { name: 'Delete for everybody' }).click()
  await button(herDevice.page.getByRole('alertdialog'), 'Delete for everybody').click()
  for (const { page } of [herDevice, hisDevice]) await waitUntilVisible(message(page, 'Message deleted'))
  hisDevice.pageLog.expect(refused(404))
  expect(await hisDevice.page.evaluate(async (url) => (await fetch(url!)).status, address)).toBe(404)
})

test('what another app shares goes into the chat that is chosen for it, and pictures are made smaller when asked', async () => {
  const anna = await newPerson('Anna Shares')
  const chatId = await newGroup(anna, 'The lake', [])
  const device = await openDevice(installation, {
    account: anna,
    installed: true,
    width: 360,
    height: 740,
  })
  await device.goto('/')
  const { page } = device
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await page.reload()
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  const large = await sharp({
    create: {
      width: 2720,
      height: 2040,
      channels: 3,
      background: '#37a',
      noise: { type: 'gaussian', mean: 128, sigma: 10 },
    },
  })
    .withExif({ IFD3: { GPSLatitudeRef: 'N' } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Model: 'A camera' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '59/1 56/1 0/1' } })
    .jpeg()
    .toBuffer()
  expect(large.includes('A camera')).toBe(true)
  await shareFromAnotherApp(page, large.toString('base64'))
  await waitUntilVisible(page.getByRole('heading', { name: 'Share' }))
  await waitUntilVisible(page.getByText('large.jpg'))
  expect(await axeFindings(page)).toEqual([])
  await button(page.getByRole('list', { name: 'Choose a chat' }), 'The lake').click()
  await expect.poll(() => composer(page).inputValue()).toBe('Look at this')
  await page.getByRole('checkbox', { name: /^Smaller pictures/ }).check()
  await button(page, 'Send').click()
  await waitForTick(page, 'Look at this', 'Sent')
  await button(message(page, 'Look at this'), 'Open picture large.jpg').click()
  const address = (await page
    .getByRole('dialog')
    .getByRole('link', { name: /^Download/ })
    .getAttribute('href'))!
  const bytes = await page.evaluate(async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())], address)
  const { width, height, exif } = await sharp(Buffer.from(bytes)).metadata()
  expect([width, height, exif]).toEqual([1920, 2560, undefined])
  expect(bytes.length).toBeLessThan(large.length)
  expect(chatId).toBe(page.url().split('/').at(-1))
})

/** As the share sheet of a phone does: a form is posted to the address of the manifest. */
function shareFromAnotherApp(page: Page, picture: string): Promise<void> {
  return page.evaluate((base64) => {
    const form = document.createElement('form')
    Object.assign(form, { method: 'POST', action: '/share', enctype: 'multipart/form-data' })
    const text = Object.assign(document.createElement('textarea'), { name: 'text', value: 'Look at this' })
    const files = Object.assign(document.createElement('input'), { type: 'file', name: 'files' })
    const data = new DataTransfer()
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    data.items.add(new File([bytes], 'large.jpg', { type: 'image/jpeg' }))
    files.files = data.files
    form.append(text, files)
    document.body.append(form)
    form.submit()
  }, picture)
}

test('a file over the limit is refused when it is picked, and one that was changed meanwhile when it is sent, each with a sentence', async () => {
  const anna = await newPerson('Anna Limits')
  const chatId = await newGroup(anna, 'Limits', [])
  const device = await openDevice(installation, { account: anna, width: 360, height: 740 })
  const { page } = device
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(composer(page))
  const folder = await mkdtemp(join(tmpdir(), 'veche-limits-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [large, changed] = [join(folder, 'large.bin'), join(folder, 'changed.txt')]
  // It has a length, and takes no room.
  await writeFile(large, '')
  await truncate(large, 2_000_000_001)
  await writeFile(changed, 'before')
  const chooser = page.waitForEvent('filechooser')
  await button(page, 'Attach').click()
  await (await chooser).setFiles([large, changed])
  await waitUntilVisible(page.getByRole('alert').getByText('Files may be up to 2 GB.'))
  await waitUntilHidden(page.getByRole('button', { name: 'Remove large.bin' }))
  // Browsers compare the time in seconds, and Firefox does not at all: it finds that the end is missing.
  await writeFile(changed, 'cut')
  await utimes(changed, new Date(), new Date(Date.now() + 10_000))
  await button(page, 'Send').click()
  await waitUntilVisible(page.getByRole('alert').getByText(/changed or removed on this device/))
  await button(page, 'Remove changed.txt').click()
  await composer(page).fill('text goes on')
  await button(page, 'Send').click()
  await waitForTick(page, 'text goes on', 'Sent')
})

test('an upload goes on after the page was loaded anew, does not hold up a text, and can be taken back', async () => {
  const anna = await newPerson('Anna Uploads')
  const chatId = await newGroup(anna, 'Uploads', [])
  const device = await openDevice(installation, { account: anna })
  await device.goto(`/chats/${chatId}`)
  await waitUntilVisible(composer(device.page))
  // Who takes what is pasted comes with this button.
  await waitUntilVisible(button(device.page, 'Attach'))
  await pasteAndDrop(device.page)
  const picked = device.page.getByRole('list', { name: 'Attached files' })
  for (const name of ['pasted.txt', 'dropped.txt']) await button(picked, `Remove ${name}`).click()
  await waitUntilHidden(picked)
  let pieces = 0
  const hold = () =>
    device.page.route('**/api/files/*', (route) =>
      route.request().method() === 'PATCH' && (pieces += 1) > 1 ? undefined : route.continue(),
    )
  await hold()
  const film = randomBytes(20_000_000)
  await attach(device.page, [{ name: 'film.bin', mimeType: '', buffer: film }])
  await button(device.page, 'Send').click()
  await waitUntilVisible(log(device.page).getByRole('progressbar', { name: 'Uploading' }))
  await expect.poll(() => pieces).toBe(2)
  await composer(device.page).fill('meanwhile')
  await button(device.page, 'Send').click()
  await waitForTick(device.page, 'meanwhile', 'Sent')
  await device.page.unrouteAll({ behavior: 'ignoreErrors' })
  const sent: number[] = []
  device.page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(Number(request.headers()['upload-offset']))
  })
  await device.page.reload()
  await waitForTick(device.page, 'film.bin', 'Sent')
  expect(Math.min(...sent)).toBeGreaterThan(0)
  const link = message(device.page, 'film.bin').getByRole('link', { name: /^Download film.bin/ })
  expect(await downloaded(device.page, link)).toBe(createHash('sha256').update(film).digest('hex'))

  pieces = 0
  await hold()
  await attach(device.page, [{ name: 'mistake.bin', mimeType: '', buffer: film }])
  await button(device.page, 'Send').click()
  await expect.poll(() => pieces).toBe(2)
  await button(message(device.page, 'mistake.bin'), 'Cancel').click()
  await waitUntilHidden(message(device.page, 'mistake.bin'))
  await device.page.unrouteAll({ behavior: 'ignoreErrors' })
  await device.page.reload()
  await waitUntilVisible(message(device.page, 'film.bin'))
  expect(await message(device.page, 'mistake.bin').count()).toBe(0)
})
