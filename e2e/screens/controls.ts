import type { Locator, Page } from 'playwright-core'
import { browserOfRun } from '../browser/browser-of-run.ts'

type Scope = Page | Locator

export const button = (scope: Scope, name: string) => scope.getByRole('button', { name, exact: true })
export const link = (scope: Scope, name: string) => scope.getByRole('link', { name, exact: true })
export const textbox = (scope: Scope, name: string) => scope.getByRole('textbox', { name, exact: true })

export async function clickButton(scope: Scope, name: string): Promise<void> {
  await button(scope, name).click()
}

/** Fills fields by their names. */
export async function fill(scope: Scope, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    // Over BiDi Playwright adds to the text of a field for an email address, instead of replacing it.
    if (browserOfRun() !== 'chromium') await textbox(scope, name).clear()
    await textbox(scope, name).fill(value)
  }
}

/** Waits until it is on the screen. */
export async function waitUntilVisible(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: 'visible' })
}

/** Waits until it is not on the screen. */
export async function waitUntilHidden(locator: Locator): Promise<void> {
  await locator.first().waitFor({ state: 'hidden' })
}
