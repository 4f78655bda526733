import type { Page } from 'playwright-core'
import type { Device } from '../browser/Device.ts'

/** One screen of the app: where it is, and what is done there to bring it about. `plain`: nothing in it was written by people. */
export type Stop = { name: string; path: string; act?: (device: Device) => Promise<void>; plain?: boolean }

/** What somebody sees who is not signed in. */
export function outside(invitation: string): Stop[] {
  return [
    { name: 'sign in', path: '/signin' },
    { name: 'new password', path: '/signin/reset' },
    { name: 'sign up', path: invitation },
    { name: 'sign up without an invitation', path: '/signup' },
    { name: 'an invitation that does not work', path: '/signup?invite=0000000000000000000000000000000000000000000' },
    { name: 'a link that does not work', path: '/setup/0000000000000000000000000000000000000000000' },
    { name: 'an address that does not exist', path: '/nowhere' },
  ]
}

const opened = 'dialog[open], [role=menu]'

const controls = {
  en: {
    newChat: 'New chat',
    newMeeting: 'New meeting',
    createGroup: 'Create group',
    invite: 'Invite',
    options: /^Options for/,
  },
  ru: {
    newChat: 'Новый чат',
    newMeeting: 'Новая встреча',
    createGroup: 'Создать группу',
    invite: 'Пригласить',
    options: /^Действия:/,
  },
}

/** What an owner sees; `chat` is a group with messages. */
export function inside(chat: string, locale: 'en' | 'ru' = 'en'): Stop[] {
  const { newChat, newMeeting, createGroup, invite, options } = controls[locale]
  const press =
    (...names: (string | RegExp)[]) =>
    async ({ page }: Device) => {
      for (const name of names) await page.getByRole('button', { name, exact: true }).first().click()
      await page.locator(opened).first().waitFor()
    }
  return [
    { name: 'chats', path: '/' },
    { name: 'new chat', path: '/', act: press(newChat) },
    { name: 'new group', path: '/', act: press(newChat, createGroup) },
    { name: 'conversation', path: `/chats/${chat}` },
    { name: 'meetings', path: '/meetings' },
    { name: 'new meeting', path: '/meetings', act: press(newMeeting), plain: true },
    { name: 'page before a call', path: `/call/${chat}` },
    { name: 'people', path: '/people' },
    { name: 'keys', path: '/people', act: ({ page }) => page.keyboard.press('Shift+Slash'), plain: true },
    { name: 'settings', path: '/settings' },
    { name: 'profile', path: '/settings/profile' },
    { name: 'appearance', path: '/settings/appearance', plain: true },
    { name: 'language', path: '/settings/language', plain: true },
    { name: 'password', path: '/settings/password', plain: true },
    { name: 'sessions', path: '/settings/sessions' },
    { name: 'sound and video', path: '/settings/sound', plain: true },
    { name: 'keyboard', path: '/settings/keyboard', plain: true },
    { name: 'administration', path: '/admin' },
    { name: 'accounts', path: '/admin/people' },
    { name: 'menu of somebody', path: '/admin/people', act: press(options) },
    { name: 'invitations', path: '/admin/invitations' },
    { name: 'invite', path: '/admin/invitations', act: press(invite), plain: true },
    { name: 'connections', path: '/admin/connections', plain: true },
    { name: 'files', path: '/admin/files', plain: true },
    { name: 'work', path: '/admin/work', plain: true },
  ]
}

/** Goes there and waits until it stands still: nothing is being fetched and the letters are those of the app. */
export async function visit(device: Device, { path, act }: Stop): Promise<void> {
  const { page } = device
  const isThere = page.url() === device.installation.url + path
  if (!isThere || (await page.locator(opened).count())) await device.goto(path)
  await settle(page)
  if (!act) return
  await act(device)
  await settle(page)
}

export async function settle(page: Page): Promise<void> {
  await page.locator('h1:visible, h2:visible').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('.skeleton, .spinner, [aria-busy="true"]'))
  await page.evaluate(() => document.fonts.ready)
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))
}

/** As when the system turns dark or light: the page follows, and has finished doing so. */
export async function setTheme({ page }: Device, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme })
  await page.waitForFunction((wanted) => document.documentElement.dataset['theme'] === wanted, theme)
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)))
}
