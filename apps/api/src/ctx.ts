import type { DB } from '@veche/db/types.gen'
import type { SessionId, UserId } from '@veche/shared/ids'
import type { ServerRole } from '@veche/shared/permissions'
import type { Transaction } from 'kysely'
import type { Deps } from './deps.ts'
import type { Hint, SessionHint } from './platform/hints.ts'

export type Actor = { userId: UserId; sessionId: SessionId; role: ServerRole }

/** What a request knows of the other side: for limits, device lists and cookies. */
export type Connection = {
  ip: string
  device: string
  setCookie: (token: string, expires: Date) => void
  clearCookie: () => void
  /** The socket under a stream; absent for everything that is asked over HTTP. */
  socket?: Socket
}

export type Socket = { readonly bufferedAmount: number; close(code: number, reason: string): void; terminate(): void }

export type Anyone = Deps & { actor: Actor | null; connection: Connection }
export type Ctx = Deps & { actor: Actor; connection: Connection }

/** The same context on a transaction. What it collects leaves after the commit, and never when there is none. */
export type Tx<C extends Deps = Ctx> = Omit<C, 'db'> & {
  db: Transaction<DB>
  after: { hints: Map<string, Hint>; sessions: SessionHint[]; nudges: (() => void)[] }
}
