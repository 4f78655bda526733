import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { log } from './chats.ts'
import { button, waitUntilVisible } from './controls.ts'

export const recording = (page: Page) => page.getByRole('group', { name: 'Voice message being recorded' })
export const draft = (page: Page) => page.getByRole('group', { name: 'Recorded voice message' })
export const voices = (page: Page, name: string) => log(page).getByRole('group', { name, exact: true })
export const unheard = (page: Page) => log(page).getByRole('img', { name: 'Nobody has listened yet' })

/** Waits until so many seconds are recorded. */
export async function recordFor(page: Page, seconds: number): Promise<void> {
  const timer = recording(page).getByRole('timer')
  await expect.poll(async () => Number((await timer.innerText()).split(':')[1])).toBeGreaterThanOrEqual(seconds)
}

/** By keyboard or click it goes on by itself. */
export async function startRecording(page: Page): Promise<void> {
  await button(page, 'Record voice message').click()
  await waitUntilVisible(recording(page))
}
