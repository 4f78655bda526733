import type { Device } from '../browser/Device.ts'
import { fill, press, seen } from './controls.ts'

export async function signIn(device: Device, email: string, password: string): Promise<void> {
  await fill(device.page, { Email: email, Password: password })
  await press(device.page, 'Sign in')
}

/** The frame with its places is there: only somebody signed in sees it. */
export async function isSignedIn(device: Device): Promise<void> {
  await seen(device.page.getByRole('navigation', { name: 'Main' }))
}

/** What the door says to whoever does not get in; the password is asked for again. */
export async function wasRefused(device: Device): Promise<string> {
  const alert = device.page.getByRole('alert').filter({ hasText: 'do not match' })
  await seen(alert)
  return (await alert.textContent()) ?? ''
}
