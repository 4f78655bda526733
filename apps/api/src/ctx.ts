import type { DB } from '@veche/db/types.gen'
import type { ScopeId, SessionId, UserId } from '@veche/shared/ids'
import type { LiveFrame } from '@veche/shared/live'
import type { ServerRole, UserKind } from '@veche/shared/permissions'
import type { Transaction } from 'kysely'
import type { Deps } from './deps.ts'
import type { Hint, SessionHint } from './platform/hints.ts'

export type Actor = { userId: UserId; sessionId: SessionId; kind: UserKind; role: ServerRole }

/** What a request tells of the client: for rate limits, lists of devices and cookies. */
export type Connection = {
  ip: string
  device: string
  setCookie: (token: string, expires: Date) => void
  clearCookie: () => void
  /** Tells which account this browser has signed in to before; see `known-devices.ts`. */
  deviceCookie?: string | undefined
  setDeviceCookie: (value: string) => void
  /** The person to whom the tab belongs that sends the request, as it says. */
  personOfTab?: string | undefined
  /** The socket of a live stream; requests over HTTP have none. */
  socket?: Socket
  /** Called when a person has asked for a live stream on it. Returns what to call when that has ended. */
  onStream?: () => () => void
}

export type Socket = {
  send(frame: LiveFrame): void
  close(code: number, reason: string): void
}

export type Anyone = Deps & { actor: Actor | null; connection: Connection }
export type Ctx = Deps & { actor: Actor; connection: Connection }

/** The same context on a transaction. What `after` collects leaves after the commit, which ends the locks of scopes too; without a commit it is dropped. */
export type Tx<C extends Deps = Ctx> = Omit<C, 'db'> & {
  db: Transaction<DB>
  after: { hints: Map<string, Hint>; locked: Set<ScopeId>; sessions: SessionHint[]; nudges: (() => void)[] }
}
