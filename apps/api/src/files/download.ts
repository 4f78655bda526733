import { Readable } from 'node:stream'
import type { ChatId, ContentId, FileId, UserId } from '@veche/shared/ids'
import { create as contentDisposition } from 'content-disposition'
import { sql } from 'kysely'
import { parse as parseRange } from 'range-parser'
import { z } from 'zod'
import type { Anyone, Ctx } from '../ctx.ts'
import { fail } from '../errors.ts'
import type { HttpRoute, RouteAnswer, RouteRequest } from '../http-routes.ts'
import { isVisibleMessage, readableChats } from '../platform/scopes/members.ts'
import { previewMime, previewSides } from './previews/previewable.ts'
import { endWhenForbidden } from './running-downloads.ts'
import { savedName } from './saved-name.ts'
import { readAddress, signAddress, signedPath } from './signed-addresses.ts'
import type { Variant } from './storage/FileStorage.ts'

type RequestHeaders = RouteRequest<Ctx>['raw']['headers']

const renditionMimes = { sound: 'audio/mp4', video: 'video/mp4' }

type Download = {
  contentId: ContentId
  variant: Variant
  size: number
  mime: string
  tag: string
  name: string
  /** Its chat and number: an answer to a signed address does not tell them. */
  message?: string
}

/** Each request is asked for its right again. A browser may keep the bytes, and asks whether it may still show them. */
export const downloadRoutes: HttpRoute[] = [
  downloadRoute('/api/files/:id', 'original'),
  ...previewSides.map((side) => downloadRoute(`/api/files/:id/${side}`, side)),
  downloadRoute('/api/files/:id/rendition', 'rendition'),
  { method: 'GET', path: signedPath, access: 'open', limit: 'download', handle: answerSigned },
]

function downloadRoute(path: string, variant: Variant): HttpRoute {
  return {
    method: 'GET',
    path,
    access: 'signedIn',
    limit: 'download',
    handle: (request) => answerDownload(request, variant),
  }
}

async function answerDownload({ ctx, params, raw }: RouteRequest<Ctx>, variant: Variant): Promise<RouteAnswer> {
  const id = z.uuid().safeParse(params['id'])
  const file = id.success ? await findFile(ctx, id.data as FileId, ctx.actor.userId) : undefined
  if (!file || !hasVariant(file, variant)) fail('file.not_found')
  const download = variant === 'original' ? originalOf(file) : await madeVariantOf(ctx, file, variant)
  if (ctx.env.FILES_SIGNED_URLS && isLedAway(raw.headers)) return redirectTo(await signedUrlOf(ctx, download))
  const answer = await answerBytes(ctx, { ...download, message: `${file.chat_id}/${file.seq}` }, raw.headers)
  const mayRead = async () => (await findFile(ctx, id.data as FileId, ctx.actor.userId)) !== undefined
  if (answer.body instanceof Readable) endWhenForbidden(ctx, answer.body, mayRead)
  return answer
}

/**
 * Players go back to the address of the first answer when somebody seeks, and find it expired after a minute. What scripts ask for would
 * need the permission of the other server.
 */
function isLedAway({ 'sec-fetch-dest': target = '' }: RequestHeaders): boolean {
  return !['audio', 'video', 'empty'].includes(String(target))
}

function redirectTo(location: string): RouteAnswer {
  return { status: 302, headers: { location, 'cache-control': 'no-store' } }
}

/** From here on nobody asks for rights, until the address has expired. */
async function signedUrlOf({ env, clock, fileStorage }: Ctx, download: Download): Promise<string> {
  const { contentId: id, variant, mime, name } = download
  const type = isShown(download) ? mime : 'application/octet-stream'
  const asked = { id, variant, mime: type, disposition: dispositionOf(download) }
  return (await fileStorage.signedUrl(asked, clock.now())) ?? signAddress(env, { id, variant, mime, name }, clock.now())
}

/** A cache on the way may keep the answer for as long as the address opens. */
async function answerSigned({ ctx, params, query, raw }: RouteRequest<Anyone>): Promise<RouteAnswer> {
  const now = ctx.clock.now()
  const file = ctx.env.FILES_SIGNED_URLS && readAddress(ctx.env, { ...params, ...query }, now)
  const size = file ? await ctx.fileStorage.sizeOf(file.id, file.variant) : null
  if (!file || size === null) fail('file.not_found')
  const download = { contentId: file.id, variant: file.variant, size, mime: file.mime, name: file.name }
  const answer = await answerBytes(ctx, { ...download, tag: `${file.id}-${file.variant}` }, raw.headers)
  const seconds = Math.floor((file.until - now) / 1_000)
  return { ...answer, headers: { ...answer.headers, 'cache-control': `public, max-age=${seconds}, immutable` } }
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
  has_rendition: boolean
}

function hasVariant({ has_preview, has_rendition }: Found, variant: Variant): boolean {
  if (variant === 'original') return true
  return variant === 'rendition' ? has_rendition : has_preview
}

/** A file that this person may see today: in a chat of theirs, in a message within their bounds that is not deleted. */
async function findFile({ db }: Ctx, id: FileId, viewer: UserId): Promise<Found | undefined> {
  const { rows } = await sql<Found>`
    select contents.id, contents.size, contents.mime, contents.sha256, files.name, files.chat_id, files.seq,
      contents.previewed_at is not null as has_preview, contents.rendition_at is not null as has_rendition
    from files
      join contents on contents.id = files.content_id
      join messages on messages.chat_id = files.chat_id and messages.seq = files.seq,
      ${readableChats(viewer)}
    where files.id = ${id} and chats.id = files.chat_id and messages.deleted_at is null and ${isVisibleMessage('messages')}`.execute(
    db,
  )
  return rows[0]
}

function originalOf({ id, size, mime, sha256, name }: Found): Download {
  return { contentId: id, variant: 'original', size, mime, tag: sha256.toString('hex'), name }
}

async function madeVariantOf({ fileStorage }: Ctx, { id, mime }: Found, variant: Variant): Promise<Download> {
  const size = await fileStorage.sizeOf(id, variant)
  if (size === null) fail('file.not_found')
  const made = { contentId: id, variant, size, tag: `${id}-${variant}` }
  if (variant !== 'rendition') return { ...made, mime: previewMime, name: `${id}.webp` }
  const isSound = mime.startsWith('audio/')
  return { ...made, mime: renditionMimes[isSound ? 'sound' : 'video'], name: `${id}.${isSound ? 'm4a' : 'mp4'}` }
}

type BytesAnswer = { status?: number; headers: Record<string, string>; body?: Readable | string }

async function answerBytes({ fileStorage }: Anyone, download: Download, asked: RequestHeaders): Promise<BytesAnswer> {
  const { contentId, variant, size, mime, tag, message } = download
  const etag = `"${tag}"`
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-type': mime,
    'content-disposition': dispositionOf(download),
    'content-security-policy': isShown(download) ? "default-src 'none'" : "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    // A device that keeps the file deletes it together with its message.
    ...(message ? { 'x-veche-message': message } : {}),
  }
  if (asked['if-none-match'] === etag) return { status: 304, headers }
  const range = rangeOf(asked, size, etag)
  if (range === 'impossible') return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const length = { 'content-length': String(end - start + 1) }
  const body = size === 0 ? '' : await fileStorage.read(contentId, variant, { start, end })
  if (!range) return { headers: { ...headers, ...length }, body }
  return { status: 206, headers: { ...headers, ...length, 'content-range': `bytes ${start}-${end}/${size}` }, body }
}

function dispositionOf(download: Download): string {
  return contentDisposition(savedName(download.name), { type: isShown(download) ? 'inline' : 'attachment' })
}

function isShown({ variant, mime }: Download): boolean {
  return variant !== 'original' || shownTypes.test(mime.split(';', 1)[0]!)
}

/** One range at most: several in one answer serve attackers only, and players ask for one. */
function rangeOf(asked: RequestHeaders, size: number, etag: string) {
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
