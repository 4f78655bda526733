import { Readable } from 'node:stream'
import { Server } from '@tus/server'
import { limits } from '@veche/shared/limits'
import { type ContentId, newId } from '@veche/shared/ids'
import { z } from 'zod'
import type { Ctx } from '../../ctx.ts'
import { AppError, fail } from '../../errors.ts'
import type { HttpRoute, RouteAnswer, RouteRequest } from '../../http-routes.ts'
import { UploadLocker } from './UploadLocker.ts'
import { UploadStore } from './UploadStore.ts'

const path = '/api/files'

const locker = new UploadLocker()

/** Resumable uploads by the protocol of tus.io. A file is sent in pieces, and goes on after a break from what was flushed. */
export const uploadRoutes: HttpRoute[] = [
  route('POST', path),
  route('HEAD', `${path}/:id`),
  { ...route('PATCH', `${path}/:id`), maxBodyBytes: limits.file.chunkBytes },
  route('DELETE', `${path}/:id`),
]

function route(method: HttpRoute['method'], at: string): HttpRoute {
  return { method, path: at, access: 'signedIn', limit: 'upload', handle: handleUpload }
}

async function handleUpload({ ctx, params, body, raw }: RouteRequest<Ctx>): Promise<RouteAnswer> {
  // Postgres takes capitals for the same id, and the disk does not.
  const id = params['id']?.toLowerCase()
  if (id !== undefined && !z.uuid().safeParse(id).success) fail('file.not_found')
  // Nobody is to believe that bytes were compared with a checksum when they were not.
  if (raw.headers['upload-checksum'] !== undefined) fail('input.invalid')
  const store = new UploadStore(ctx)
  // Before the lock: nobody ends the request of somebody else.
  if (id !== undefined && !(await store.has(id))) fail('file.not_found')
  let failure: Error | undefined
  const server = new Server({
    path,
    datastore: store,
    locker,
    relativeLocation: true,
    allowedOrigins: [],
    ...(id ? { getFileIdFromRequest: () => id } : {}),
    namingFunction: () => newId<ContentId>(ctx.clock.now()),
    onUploadFinish: async (_request, upload) => {
      await store.complete(upload.id)
      return {}
    },
    onResponseError: (_request, error) => {
      // What is no refusal of tus itself is answered and logged as on every other route.
      if (!('status_code' in error)) failure = error
      return undefined
    },
  })
  const answer = await server.handleWeb(toRequest(raw, body))
  if (body.errored instanceof AppError) throw body.errored
  if (failure) throw failure
  const text = await answer.text()
  return { status: answer.status, headers: Object.fromEntries(answer.headers), ...(text ? { body: text } : {}) }
}

function toRequest({ method = 'HEAD', url = path, headers }: RouteRequest<Ctx>['raw'], body: Readable): Request {
  const given = Object.entries(headers).filter(([name]) => tusHeaders.has(name)) as [string, string][]
  const init: RequestInit = { method, headers: Object.fromEntries(given) }
  // Undici wants to know that the answer may begin before the end of the body; the types of Node do not have the key yet.
  if (method === 'PATCH') Object.assign(init, { body: Readable.toWeb(body), duplex: 'half' })
  return new Request(new URL(url, 'http://localhost'), init)
}

const tusHeaders = new Set([
  'tus-resumable',
  'upload-length',
  'upload-offset',
  'upload-metadata',
  'content-type',
  'content-length',
])
