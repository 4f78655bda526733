import type { ChatId, ContentId, FileId, UserId } from '@veche/shared/ids'
import { create as contentDisposition } from 'content-disposition'
import { sql } from 'kysely'
import { parse as parseRange } from 'range-parser'
import { z } from 'zod'
import type { Ctx } from '../ctx.ts'
import { fail } from '../errors.ts'
import type { HttpRoute, RouteAnswer, RouteRequest } from '../http-routes.ts'
import { isVisibleMessage, readableChats } from '../platform/scopes/members.ts'
import type { Variant } from './DiskStorage.ts'
import { previewMime, previewSides } from './previews/previewable.ts'
import { savedName } from './saved-name.ts'

type Download = { contentId: ContentId; variant: Variant; size: number; mime: string; tag: string; name: string }

/** Each request is asked for its right again. A browser may keep the bytes, and asks whether it may still show them. */
export const downloadRoutes: HttpRoute[] = [
  downloadRoute('/api/files/:id', () => 'original'),
  ...previewSides.map((side) => downloadRoute(`/api/files/:id/${side}`, () => side)),
]

function downloadRoute(path: string, variantOf: () => Variant): HttpRoute {
  return {
    method: 'GET',
    path,
    access: 'signedIn',
    limit: 'download',
    handle: (request) => answerDownload(request, variantOf()),
  }
}

async function answerDownload({ ctx, params, raw }: RouteRequest<Ctx>, variant: Variant): Promise<RouteAnswer> {
  const id = z.uuid().safeParse(params['id'])
  const file = id.success ? await findFile(ctx, id.data as FileId, ctx.actor.userId) : undefined
  if (!file || (variant !== 'original' && !file.has_preview)) fail('file.not_found')
  const download =
    variant === 'original'
      ? {
          contentId: file.id,
          variant,
          size: file.size,
          mime: file.mime,
          tag: file.sha256.toString('hex'),
          name: file.name,
        }
      : await previewOf(ctx, file.id, variant)
  return send(ctx, { ...download, message: `${file.chat_id}/${file.seq}` }, raw.headers)
}

type Found = {
  id: ContentId
  chat_id: ChatId
  seq: number
  size: number
  mime: string
  sha256: Buffer
  name: string
  has_preview: boolean
}

/** A file that this person may see today: in a chat of theirs, in a message within their bounds that is not deleted. */
async function findFile({ db }: Ctx, id: FileId, viewer: UserId): Promise<Found | undefined> {
  const { rows } = await sql<Found>`
    select contents.id, contents.size, contents.mime, contents.sha256, files.name, files.chat_id, files.seq,
      contents.previewed_at is not null as has_preview
    from files
      join contents on contents.id = files.content_id
      join messages on messages.chat_id = files.chat_id and messages.seq = files.seq,
      ${readableChats(viewer)}
    where files.id = ${id} and chats.id = files.chat_id and messages.deleted_at is null and ${isVisibleMessage('messages')}`.execute(
    db,
  )
  return rows[0]
}

async function previewOf({ fileStorage }: Ctx, contentId: ContentId, variant: Variant): Promise<Download> {
  const size = await fileStorage.sizeOf(contentId, variant)
  if (size === null) fail('file.not_found')
  return { contentId, variant, size, mime: previewMime, tag: `${contentId}-${variant}`, name: `${contentId}.webp` }
}

function send(
  ctx: Ctx,
  download: Download & { message: string },
  asked: RouteRequest<Ctx>['raw']['headers'],
): RouteAnswer {
  const { contentId, variant, size, mime, tag, name, message } = download
  const etag = `"${tag}"`
  const isShown = variant !== 'original' || shownTypes.test(mime.split(';', 1)[0]!)
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-type': mime,
    'content-disposition': contentDisposition(savedName(name), { type: isShown ? 'inline' : 'attachment' }),
    'content-security-policy': isShown ? "default-src 'none'" : "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    // A device that keeps the file deletes it together with its message.
    'x-veche-message': message,
  }
  if (asked['if-none-match'] === etag) return { status: 304, headers }
  const range = rangeOf(asked, size, etag)
  if (range === 'impossible') return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const length = { 'content-length': String(end - start + 1) }
  const body = size === 0 ? '' : ctx.fileStorage.read(contentId, variant, { start, end })
  if (!range) return { headers: { ...headers, ...length }, body }
  return { status: 206, headers: { ...headers, ...length, 'content-range': `bytes ${start}-${end}/${size}` }, body }
}

/** One range at most: several in one answer serve attackers only, and players ask for one. */
function rangeOf(asked: RouteRequest<Ctx>['raw']['headers'], size: number, etag: string) {
  if (!asked.range || (asked['if-range'] !== undefined && asked['if-range'] !== etag)) return null
  const { code, type, ranges } = parseRange(size, asked.range)
  if (type !== 'bytes') return null
  if (code === unsatisfiable && ranges.length === 0 && size > 0) return 'impossible'
  return code === 0 && ranges.length === 1 ? ranges[0]! : null
}

/** What `range-parser` says of ranges beyond the end. */
const unsatisfiable = 2

/** Plain pictures, sound and video run no script, wherever they are opened. All else is a download in a sandbox. */
const shownTypes = /^(image\/(png|jpeg|gif|webp|avif|apng)|audio\/[a-z0-9.+-]+|video\/[a-z0-9.+-]+)$/
