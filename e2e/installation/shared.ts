import { inject } from 'vitest'
import { type Account, accountOf, insertAccount, type NewAccount, type SignedIn } from './accounts.ts'
import { Installation, type InstallationAddress } from './Installation.ts'

export type SharedInstallation = InstallationAddress & {
  /** Media go to this port of its node. */
  mediaPort: number
  owner: SignedIn
}

declare module 'vitest' {
  interface ProvidedContext {
    installation: SharedInstallation
  }
}

const shared = inject('installation')

/** The installation that is started once a run. Tests make people and chats of their own on it and change no rule of the server. */
export const installation = new Installation(shared)
export const { mediaPort } = shared
export const owner: Account = accountOf(installation, shared.owner)

/** Somebody on the shared installation, with a name that no other test uses. */
export function newPerson(name: string, given: Omit<NewAccount, 'name'> = {}): Promise<Account> {
  return insertAccount(installation, { ...given, name })
}
