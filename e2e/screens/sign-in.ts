import type { Device } from '../browser/Device.ts'
import { fill, clickButton, waitUntilVisible } from './controls.ts'

export async function signIn(device: Device, email: string, password: string): Promise<void> {
  await fill(device.page, { Email: email, Password: password })
  await clickButton(device.page, 'Sign in')
}

/** Waits for the navigation, which only somebody signed in sees. */
export async function waitUntilSignedIn(device: Device): Promise<void> {
  await waitUntilVisible(device.page.getByRole('navigation', { name: 'Main' }))
}

/** Waits for the refusal of a sign-in and returns its text. */
export async function waitForRefusal(device: Device): Promise<string> {
  const alert = device.page.getByRole('alert').filter({ hasText: 'do not match' })
  await waitUntilVisible(alert)
  return (await alert.textContent()) ?? ''
}
