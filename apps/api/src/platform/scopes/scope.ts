import { type ChatId, DIRECTORY_SCOPE, type MeetingId, type ScopeId, type UserId } from '@veche/shared/ids'
import type { ScopeKind } from '@veche/shared/rows/rows'

/** A counter (`rev`) with a lock: a row of the table `scopes`. */
export type Scope = { kind: ScopeKind; id: ScopeId }

export const chatScope = (id: ChatId): Scope => ({ kind: 'chat', id })
export const meetingScope = (id: MeetingId): Scope => ({ kind: 'meeting', id })
export const userScope = (id: UserId): Scope => ({ kind: 'user', id })
export const directoryScope: Scope = { kind: 'directory', id: DIRECTORY_SCOPE }
