import type { UserId } from '@veche/shared/ids'
import type { ChatRow, PersonRow } from '@veche/shared/rows/rows'
import { ORIGIN_HEADER } from '#lib/api/client.ts'
import { AppError } from '#lib/api/error.ts'
import { errorInAnswer } from '#lib/live/connection/error-in-answer.ts'

export type AvatarAnswer = { person?: PersonRow; chat?: ChatRow }

/** Two megabytes on a slow line. */
const TIMEOUT_MS = 60_000

/** Sets the avatar at this address, or removes it. */
export async function sendAvatar(path: string, picture: Blob | null, person: UserId | null): Promise<AvatarAnswer> {
  const answer = await fetch(path, {
    method: picture ? 'PUT' : 'DELETE',
    headers: { ...ORIGIN_HEADER, ...(person ? { 'x-veche-person': person } : {}) },
    body: picture,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => null)
  if (!answer) throw new AppError('network.unreachable')
  if (!answer.ok) throw errorInAnswer(await answer.text(), answer.status)
  return (await answer.json()) as AvatarAnswer
}
