import type { Readable } from 'node:stream'
import { type AvatarSide, avatarSides, maxAvatarBytes } from '@veche/shared/avatars'
import type { AvatarId, ChatId } from '@veche/shared/ids'
import { fileTypeFromBuffer } from 'file-type'
import { z } from 'zod'
import { openChat } from '../chats/access.ts'
import type { Ctx } from '../ctx.ts'
import { fail, must } from '../errors.ts'
import type { AvatarPicture } from '../files/previews/avatar-picture.ts'
import { PreviewRefused } from '../files/previews/refusals.ts'
import type { HttpRoute, RouteAnswer, RouteRequest } from '../http-routes.ts'
import { openAvatar } from './access.ts'
import { setChatAvatar, setMyAvatar } from './avatars.ts'

type Request = RouteRequest<Ctx>

export const avatarRoutes: HttpRoute[] = [
  changeRoute('PUT', '/api/me/avatar', async ({ ctx, body }) => ({
    person: await setMyAvatar(ctx, await readPicture(ctx, body)),
  })),
  changeRoute('DELETE', '/api/me/avatar', async ({ ctx }) => ({ person: await setMyAvatar(ctx, null) })),
  changeRoute('PUT', '/api/chats/:id/avatar', async ({ ctx, params, body }) => {
    const id = chatIdIn(params)
    // The right is asked again under the lock. Here it keeps others from sending pictures.
    await openChat(ctx, id, 'rename')
    return { chat: await setChatAvatar(ctx, id, await readPicture(ctx, body)) }
  }),
  changeRoute('DELETE', '/api/chats/:id/avatar', async ({ ctx, params }) => ({
    chat: await setChatAvatar(ctx, chatIdIn(params), null),
  })),
  ...avatarSides.map((side): HttpRoute => ({
    method: 'GET',
    path: `/api/avatars/:id/${side}`,
    access: 'guestOrSignedIn',
    limit: 'download',
    handle: (request) => answerAvatar(request, side),
  })),
]

function changeRoute(method: 'PUT' | 'DELETE', path: string, change: (request: Request) => Promise<object>): HttpRoute {
  const body = method === 'PUT' ? { maxBodyBytes: maxAvatarBytes } : {}
  const handle = async (request: Request): Promise<RouteAnswer> => {
    const { actor, connection } = request.ctx
    must(!connection.personOfTab || connection.personOfTab === actor.userId, 'auth.other_person')
    return { body: await change(request) }
  }
  return { method, path, access: 'signedIn', limit: 'avatar', handle, ...body }
}

async function answerAvatar({ ctx, params, raw }: Request, side: AvatarSide): Promise<RouteAnswer> {
  const id = z.uuid().safeParse(params['id'])
  if (!id.success) fail('avatar.not_found')
  const bytes = await openAvatar(ctx, id.data as AvatarId, side)
  const etag = `"${id.data.toLowerCase()}-${side}"`
  const headers = {
    etag,
    // The service worker of the app answers from what it keeps. Without one, a browser asks whether it may still show this.
    'cache-control': 'private, no-cache',
    'content-type': 'image/webp',
    'content-disposition': 'inline; filename="avatar.webp"',
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff',
  }
  return raw.headers['if-none-match'] === etag ? { status: 304, headers } : { headers, body: bytes }
}

function chatIdIn(params: Request['params']): ChatId {
  const id = z.uuid().safeParse(params['id'])
  if (!id.success) fail('chat.not_found')
  return id.data.toLowerCase() as ChatId
}

/** Formats that our app sends, and that browsers and other programs have at hand. Others never reach their decoders. */
const readableTypes = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif'])

/** One after the other for each person, so that nobody waits for many pictures of one person. */
function readPicture(ctx: Ctx, body: Readable): Promise<AvatarPicture> {
  return ctx.turns.avatar.run({ actor: ctx.actor, signal: undefined }, () => makeAvatar(ctx, body))
}

async function makeAvatar({ avatarMaker }: Ctx, body: Readable): Promise<AvatarPicture> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const type = await fileTypeFromBuffer(bytes).catch(() => undefined)
  must(type && readableTypes.has(type.mime), 'avatar.unreadable')
  return avatarMaker.makeAvatar(bytes).catch((error: unknown) => {
    if (error instanceof PreviewRefused) fail('avatar.unreadable')
    // It took too long or too much memory, which may be the fault of a busy machine.
    fail('server.busy', { retryAfterSeconds: 5 })
  })
}
