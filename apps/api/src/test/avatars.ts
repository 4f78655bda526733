import type { AvatarId, ChatId } from '@veche/shared/ids'
import { setChatAvatar, setMyAvatar } from '../avatars/avatars.ts'
import type { Ctx } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import type { AvatarPicture } from '../files/previews/avatar-picture.ts'
import type { TestUser } from './builders.ts'
import { contextFor } from './harness.ts'

let count = 0

/** What the maker of pictures would answer; each is another picture. */
export function madeAvatar(): AvatarPicture {
  count += 1
  const bytes = (side: number) => Buffer.from(`${side} pixels of picture ${count}`)
  return { 64: bytes(64), 160: bytes(160), 640: bytes(640) }
}

export async function giveAvatar(deps: Deps, who: TestUser, chatId?: ChatId): Promise<AvatarId> {
  const ctx = await signedInContext(deps, who)
  const row = chatId ? await setChatAvatar(ctx, chatId, madeAvatar()) : await setMyAvatar(ctx, madeAvatar())
  return row.avatarId!
}

export async function signedInContext(deps: Deps, who: TestUser): Promise<Ctx> {
  return (await contextFor(deps, who)) as Ctx
}
