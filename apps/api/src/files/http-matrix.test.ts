import { newId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { beforeAll, expect, test } from 'vitest'
import sharp from 'sharp'
import { sessionCookie } from '../auth/session-cookie.ts'
import { avatarRoutes } from '../avatars/http.ts'
import { giveAvatar } from '../test/avatars.ts'
import { tryRow } from '../platform/work/due-tables.ts'
import { type ActorName, actors, type MatrixCast, newMatrixCast } from '../test/access-matrix.ts'
import { newContent, sendFile } from '../test/files.ts'
import { newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { makeMedia, tone } from '../test/media/media-files.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { downloadRoutes } from './download.ts'
import { mediaTable } from './previews/media-table.ts'
import { previewTable } from './previews/preview-table.ts'
import { renditionTable } from './previews/rendition-table.ts'
import { signAddress } from './signed-addresses.ts'
import { uploadRoutes } from './uploads/http.ts'

let testApi: TestApi
let base: string
let cast: MatrixCast
/** In the group, sent by its owner. */
let message: MessageRow
/** Likewise, with a rendition. */
let voice: MessageRow
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  await MediaNode.start(testApi.deps)
  cast = await newMatrixCast(testApi.deps)
  const contentId = await newContent(testApi.deps, cast.people.chatOwner)
  message = await sendFile(testApi.deps, cast.people.chatOwner, cast.group, contentId)
  await tryRow(testApi.deps, previewTable, contentId)
  const sound = await newContent(testApi.deps, cast.people.chatOwner, await makeMedia('aiff', tone(0.1)))
  voice = await sendFile(testApi.deps, cast.people.chatOwner, cast.group, sound)
  for (const table of [mediaTable, renditionTable]) await tryRow(testApi.deps, table, sound)
})

type Statuses = Record<ActorName, number>
const everybody = (status: number) => Object.fromEntries(actors.map((actor) => [actor, status])) as Statuses
const signedIn = (status: number): Statuses => ({ ...everybody(status), guest: 403, disabled: 401, anonymous: 401 })
const members: Statuses = { ...signedIn(404), chatOwner: 200, moderator: 200, member: 200 }
/** What each may do with an upload of the owner of the group that nobody has sent yet. */
const ownerOnly = (status: number): Statuses => ({ ...signedIn(404), chatOwner: status })

const file = () => `/api/files/${message.files![0]!.id}`
const signed = () => {
  const { env, clock } = testApi.deps
  return signAddress(env, { id: newId(), variant: 'original', mime: 'image/png', name: 'picture.png' }, clock.now())
}
let unsent = ''
const upload = async () => {
  unsent ||= await newContent(testApi.deps, cast.people.chatOwner)
  return `/api/files/${unsent}`
}

const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#654' } })
  .png()
  .toBuffer()
const chatAvatar = () => `/api/chats/${cast.group}/avatar`
let avatarId = ''
const avatar = async () => {
  avatarId ||= await giveAvatar(testApi.deps, cast.people.chatOwner, cast.group)
  return `/api/avatars/${avatarId}`
}

const rows: Record<
  string,
  { path: () => string | Promise<string>; headers?: Record<string, string>; body?: Uint8Array; expected: Statuses }
> = {
  'GET /api/files/:id': { path: file, expected: members },
  'GET /api/files/:id/320': { path: () => `${file()}/320`, expected: members },
  'GET /api/files/:id/1280': { path: () => `${file()}/1280`, expected: members },
  'GET /api/files/:id/rendition': { path: () => `/api/files/${voice.files![0]!.id}/rendition`, expected: members },
  // It opens for whoever has its signature, when the setting is on: `signed-downloads.test.ts`.
  'GET /api/files/signed/:id/:variant': { path: signed, expected: everybody(404) },
  'POST /api/files': { path: () => '/api/files', headers: { 'upload-length': '10' }, expected: signedIn(201) },
  'HEAD /api/files/:id': { path: upload, expected: ownerOnly(200) },
  'PATCH /api/files/:id': {
    path: upload,
    headers: { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    // It has all its bytes already.
    expected: ownerOnly(409),
  },
  'DELETE /api/files/:id': { path: upload, expected: ownerOnly(204) },
  'PUT /api/me/avatar': { path: () => '/api/me/avatar', body: picture, expected: signedIn(200) },
  'DELETE /api/me/avatar': { path: () => '/api/me/avatar', expected: signedIn(200) },
  'PUT /api/chats/:id/avatar': { path: chatAvatar, body: picture, expected: { ...members, member: 403 } },
  'DELETE /api/chats/:id/avatar': { path: chatAvatar, expected: { ...members, member: 403 } },
  // Of the group. Guests see those of their meeting.
  'GET /api/avatars/:id/64': { path: async () => `${await avatar()}/64`, expected: { ...members, guest: 404 } },
  'GET /api/avatars/:id/160': { path: async () => `${await avatar()}/160`, expected: { ...members, guest: 404 } },
  'GET /api/avatars/:id/640': { path: async () => `${await avatar()}/640`, expected: { ...members, guest: 404 } },
}

test('every route of files and avatars has a row here', () => {
  const routes = [...uploadRoutes, ...downloadRoutes, ...avatarRoutes].map(({ method, path }) => `${method} ${path}`)
  expect(Object.keys(rows).sort()).toEqual(routes.sort())
})

test.each(Object.entries(rows))(
  '%s answers each kind of person as it should',
  async (route, { path, headers, body, expected }) => {
    const [method] = route.split(' ') as [string]
    const found: Partial<Statuses> = {}
    // The owner comes last, because they may take the upload away.
    for (const who of actors.toSorted((one, other) => Number(one === 'chatOwner') - Number(other === 'chatOwner')))
      found[who] = (await ask(who, method, await path(), headers, body)).status
    expect(found).toEqual(expected)
  },
)

test('a file that is unknown and one with a malformed id look alike', async () => {
  for (const id of [newId(), 'nothing', '..%2f..%2fetc%2fpasswd', 'a'.repeat(300)]) {
    expect((await ask('member', 'GET', `/api/files/${id}`)).status).toBe(404)
    expect((await ask('member', 'HEAD', `/api/files/${id}`)).status).toBe(404)
  }
})

test('an upload that no page of ours asks for is refused', async () => {
  const answer = await ask('member', 'POST', '/api/files', { 'upload-length': '10', 'x-veche': '' })
  expect(answer.status).toBe(403)
})

function ask(
  who: ActorName,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  bytes: Uint8Array | undefined = method === 'PATCH' ? Buffer.from('x') : undefined,
): Promise<Response> {
  const token = who === 'anonymous' ? '' : cast.people[who].token
  const cookie = `${sessionCookie(testApi.deps.env).name}=${token}`
  const sent = { 'x-veche': '1', 'tus-resumable': '1.0.0', cookie, ...headers }
  const body = bytes ? { body: bytes as Uint8Array<ArrayBuffer> } : {}
  return fetch(`${base}${path}`, { method, headers: sent, ...body })
}
