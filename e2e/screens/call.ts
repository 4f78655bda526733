import type { Locator, Page } from 'playwright-core'
import { button, waitUntilVisible } from './controls.ts'

export async function waitUntilInCall(page: Page): Promise<void> {
  await waitUntilVisible(participants(page))
  await waitUntilVisible(button(page, 'Leave'))
  await waitUntilVisible(page.getByRole('timer'))
}

export const participants = (page: Page) => page.getByRole('region', { name: 'Participants', exact: true })
export const controls = (page: Page) => page.getByRole('group', { name: 'Call controls', exact: true })
export const tile = (page: Page, name: string) => participants(page).getByRole('group', { name, exact: true })
export const mark = (of: Locator, name: string) => of.getByRole('img', { name, exact: true })

/** Waits until this tile shows a picture. */
export async function waitForVideo(page: Page, name: string): Promise<void> {
  await waitUntilVisible(tile(page, name))
  await page.waitForFunction((wanted) => {
    const tile = document.querySelector(`[role="group"][aria-label="${wanted}"]`)
    return (tile?.querySelector('video')?.videoWidth ?? 0) > 0
  }, name)
}

/** The panel beside or over a call. */
export const panel = (page: Page, name: 'Chat' | 'People') => page.getByRole('complementary', { name, exact: true })
