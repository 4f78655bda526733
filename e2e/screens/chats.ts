import type { Locator, Page } from 'playwright-core'
import { button, link, waitUntilVisible, textbox } from './controls.ts'

/** The entry of a chat in the list. */
export function chatInList(page: Page, title: string): Locator {
  return page.getByRole('list', { name: 'Chats', exact: true }).getByRole('listitem', { name: title, exact: true })
}

/** The link of a chat with this unread number. */
export function chatWithUnread(page: Page, title: string, unread: number): Locator {
  return page
    .getByRole('list', { name: 'Chats', exact: true })
    .getByRole('link', { name: `${title}, ${unread} unread`, exact: true })
}

export function chatWithoutUnread(page: Page, title: string): Locator {
  return link(page.getByRole('list', { name: 'Chats', exact: true }), title)
}

export async function openChat(page: Page, title: string): Promise<void> {
  await chatInList(page, title).getByRole('link').click()
  await waitUntilVisible(composer(page))
}

export const log = (page: Page) => page.getByRole('log', { name: 'Messages', exact: true })
export const composer = (page: Page) => textbox(page, 'Message')
export const message = (page: Page, text: string) => log(page).getByRole('article').filter({ hasText: text })

/** Writes a message and sends it; it is on the screen then, sent or not. */
export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await button(page, 'Send').click()
  await waitUntilVisible(message(page, text))
}

/** Waits for the tick beside one's own message: Sending, Sent, Delivered, Read or Failed. */
export async function waitForTick(page: Page, text: string, tick: string): Promise<void> {
  await waitUntilVisible(message(page, text).getByRole('img', { name: tick, exact: true }))
}

export async function waitForConnection(page: Page, state: string | RegExp): Promise<void> {
  await waitUntilVisible(page.getByRole('status', { name: 'Connection' }).filter({ hasText: state }))
}

/** The details pane, beside the conversation or over it. */
export async function openDetails(page: Page): Promise<Locator> {
  const toggle = button(page, 'Details')
  if ((await toggle.getAttribute('aria-pressed')) !== 'true') await toggle.click()
  const pane = page.getByRole('complementary', { name: 'Details' }).or(page.getByRole('dialog', { name: 'Details' }))
  await waitUntilVisible(pane)
  return pane
}

/** Chooses an entry in the menu of a group or of a member. */
export async function choose(page: Page, name: string, item: string): Promise<void> {
  await button(page, `Options for ${name}`).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

/** Finds somebody in the list of people of a dialog and chooses them. */
export async function pickPerson(dialog: Locator, name: string): Promise<void> {
  await dialog.getByRole('searchbox', { name: 'Find people' }).fill(name)
  await dialog.getByRole('list', { name: 'Find people' }).getByText(name, { exact: true }).click()
}

export type Attached = { name: string; mimeType: string; buffer: Buffer }

/** Picks files for the next message; they stand above the field then. */
export async function attach(page: Page, files: Attached[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await button(page, 'Attach').click()
  await (await chooser).setFiles(files)
  await waitUntilVisible(page.getByRole('list', { name: 'Attached files' }).getByText(files.at(-1)!.name))
}
