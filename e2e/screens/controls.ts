import type { Locator, Page } from 'playwright-core'

type Place = Page | Locator

export const button = (place: Place, name: string) => place.getByRole('button', { name, exact: true })
export const link = (place: Place, name: string) => place.getByRole('link', { name, exact: true })
export const textbox = (place: Place, name: string) => place.getByRole('textbox', { name, exact: true })

export async function press(place: Place, name: string): Promise<void> {
  await button(place, name).click()
}

/** Fields by their names. */
export async function fill(place: Place, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await textbox(place, name).fill(value)
}

/** `patience` in milliseconds, where the app itself waits longer than usual. */
export async function seen(locator: Locator, patience?: number): Promise<void> {
  await locator.first().waitFor({ state: 'visible', ...(patience ? { timeout: patience } : {}) })
}

export async function gone(locator: Locator, patience?: number): Promise<void> {
  await locator.first().waitFor({ state: 'hidden', ...(patience ? { timeout: patience } : {}) })
}
