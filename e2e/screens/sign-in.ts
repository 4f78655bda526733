import type { Device } from '../browser/Device.ts'
import { fill, press, seen } from './controls.ts'

export async function signIn(device: Device, email: string, password: string): Promise<void> {
  await fill(device.page, { Email: email, Password: password })
  await press(device.page, 'Sign in')
}

/** Waits for the navigation, which only somebody signed in sees. */
export async function isSignedIn(device: Device): Promise<void> {
  await seen(device.page.getByRole('navigation', { name: 'Main' }))
}

/** Waits for the refusal of a sign-in and returns its text. */
export async function wasRefused(device: Device): Promise<string> {
  const alert = device.page.getByRole('alert').filter({ hasText: 'do not match' })
  await seen(alert)
  return (await alert.textContent()) ?? ''
}
