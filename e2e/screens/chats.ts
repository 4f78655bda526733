import type { Locator, Page } from 'playwright-core'
import { button, link, seen, textbox } from './controls.ts'

/** A chat's place in the list. */
export function chatInList(page: Page, title: string): Locator {
  return page.getByRole('list', { name: 'Chats', exact: true }).getByRole('listitem', { name: title, exact: true })
}

/** The link of a chat with so many unread. */
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
  await seen(composer(page))
}

export const log = (page: Page) => page.getByRole('log', { name: 'Messages', exact: true })
export const composer = (page: Page) => textbox(page, 'Message')
export const message = (page: Page, text: string) => log(page).getByRole('article').filter({ hasText: text })

/** Writes a message and sends it; it is on the screen then, whether or not it has gone out. */
export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await button(page, 'Send').click()
  await seen(message(page, text))
}

/** The sign beside a message of one's own: Sending, Sent, Delivered, Read or Failed. */
export async function isTicked(page: Page, text: string, tick: string): Promise<void> {
  await seen(message(page, text).getByRole('img', { name: tick, exact: true }))
}

export async function connectionIs(page: Page, state: string, patience?: number): Promise<void> {
  await seen(page.getByRole('status', { name: 'Connection' }).filter({ hasText: state }), patience)
}

/** Beside the conversation where there is room, over it elsewhere. */
export async function openDetails(page: Page): Promise<Locator> {
  const toggle = button(page, 'Details')
  if ((await toggle.getAttribute('aria-pressed')) !== 'true') await toggle.click()
  const pane = page.getByRole('complementary', { name: 'Details' }).or(page.getByRole('dialog', { name: 'Details' }))
  await seen(pane)
  return pane
}

/** One of the things that can be done with a group or with somebody in it. */
export async function choose(page: Page, name: string, item: string): Promise<void> {
  await button(page, `Options for ${name}`).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}
