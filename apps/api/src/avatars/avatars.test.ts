import { request } from 'node:http'
import { type AvatarId, type ChatId, type MeetingId, newId, type SeatId, type SessionId } from '@veche/shared/ids'
import type { ChatRow, PersonRow } from '@veche/shared/rows/rows'
import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { sessionCookie } from '../auth/session-cookie.ts'
import { changeScopes } from '../platform/scopes/changes.ts'
import { chatScope } from '../platform/scopes/scope.ts'
import { giveAvatar, madeAvatar, signedInContext } from '../test/avatars.ts'
import { newDirect, newGroup, newUser, newUsers, type TestUser } from '../test/builders.ts'
import { callerFor, newTestApi, type TestApi } from '../test/harness.ts'
import { startHttp } from '../test/http/requests.ts'
import { lockWaits } from '../test/locks.ts'
import { newMeeting } from '../test/meetings.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { outcomeOf } from '../test/outcome.ts'
import { setChatAvatar, setMyAvatar } from './avatars.ts'

let testApi: TestApi
let base: string
let admin: TestUser
let anna: TestUser
let boris: TestUser
let vera: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  base = await startHttp(testApi.deps)
  await MediaNode.start(testApi.deps)
  const people = await newUsers(testApi.deps, [{ role: 'owner' }, {}, {}, {}])
  ;[admin, anna, boris, vera] = people as [TestUser, TestUser, TestUser, TestUser]
})

const as = (who: TestUser) => callerFor(testApi.deps, who)
const mine = '/api/me/avatar'
const ofChat = (chatId: ChatId) => `/api/chats/${chatId}/avatar`

function headersOf(who: TestUser, more: Record<string, string> = {}) {
  return { 'x-veche': '1', cookie: `${sessionCookie(testApi.deps.env).name}=${who.token}`, ...more }
}

function ask(who: TestUser, method: string, path: string, bytes?: Uint8Array, headers: Record<string, string> = {}) {
  const body = bytes ? { body: bytes as Uint8Array<ArrayBuffer> } : {}
  return fetch(`${base}${path}`, { method, headers: headersOf(who, headers), ...body })
}

async function codeOf(answer: Response): Promise<string | undefined> {
  return ((await answer.json()) as { code?: string }).code
}

async function setMine(who: TestUser, picture: Sharp): Promise<AvatarId> {
  const answer = await ask(who, 'PUT', mine, await picture.toBuffer())
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { person: PersonRow }).person.avatarId!
}

async function bytesOf(who: TestUser, id: AvatarId, side: number): Promise<Buffer> {
  return Buffer.from(await (await ask(who, 'GET', `/api/avatars/${id}/${side}`)).arrayBuffer())
}

const statusOf = async (who: TestUser, id: AvatarId) => (await ask(who, 'GET', `/api/avatars/${id}/160`)).status
const personOf = async (who: TestUser) => (await as(anna).users.get({ ids: [who.userId] }))[0]!

async function countAvatars(): Promise<number> {
  const { count } = await testApi.deps.db
    .selectFrom('avatars')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

const plain = (width: number, height: number, background: string | object = '#fa0') =>
  sharp({ create: { width, height, channels: 4, background: background as string } })

/** The colour of the pixel at this part of the width and of the height. */
async function colourAt(bytes: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels
  return [...data.subarray(at, at + 3)].map((value) => Math.round(value / 85))
}
const [white, red, blue] = [
  [3, 3, 3],
  [3, 0, 0],
  [0, 0, 3],
]

describe('the avatar of a person', () => {
  test('is kept in three sizes, without metadata, and everybody with an account sees it', async () => {
    const camera = { IFD0: { Make: 'Secret camera' }, IFD3: { GPSLatitude: '59/1 56/1 0/1' } }
    const id = await setMine(anna, plain(900, 600).withExif(camera).jpeg())
    expect((await personOf(anna)).avatarId).toBe(id)
    for (const side of [64, 160, 640]) {
      const found = await sharp(await bytesOf(boris, id, side)).metadata()
      expect(found).toMatchObject({ format: 'webp', width: side, height: side })
      expect([found.exif, found.icc, found.xmp]).toEqual([undefined, undefined, undefined])
    }
  })

  test('stands upright, however the camera was held', async () => {
    const left = { input: await plain(100, 200, '#f00').png().toBuffer(), left: 0, top: 0 }
    const picture = plain(200, 200, '#00f').composite([left]).withMetadata({ orientation: 6 }).jpeg()
    const bytes = await bytesOf(anna, await setMine(anna, picture), 160)
    expect([await colourAt(bytes, 0.5, 0.1), await colourAt(bytes, 0.5, 0.9)]).toEqual([red, blue])
  })

  test('has no transparency, behind which the initials would be seen', async () => {
    const id = await setMine(anna, plain(200, 200, { r: 0, g: 0, b: 0, alpha: 0 }).png())
    expect(await colourAt(await bytesOf(anna, id, 64), 0.5, 0.5)).toEqual(white)
  })

  test('does not move: of an animation it is the first frame', async () => {
    const frames = await Promise.all(['#f00', '#00f'].map((colour) => plain(80, 80, colour).png().toBuffer()))
    const id = await setMine(anna, sharp(frames, { join: { animated: true } }).gif())
    const bytes = await bytesOf(anna, id, 160)
    expect((await sharp(bytes).metadata()).pages ?? 1).toBe(1)
    expect(await colourAt(bytes, 0.5, 0.5)).toEqual(red)
  })

  test('is answered with headers that let nothing run, and a browser that has it asks whether it may still show it', async () => {
    const id = await giveAvatar(testApi.deps, anna)
    const answer = await ask(boris, 'GET', `/api/avatars/${id}/64`)
    const etag = answer.headers.get('etag')!
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'private, no-cache',
      'content-type': 'image/webp',
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
    })
    const again = () => ask(boris, 'GET', `/api/avatars/${id}/64`, undefined, { 'if-none-match': etag })
    expect((await again()).status).toBe(304)
    await ask(anna, 'DELETE', mine)
    expect((await again()).status).toBe(404)
  })

  test('that is replaced or removed is gone at once', async () => {
    const first = await giveAvatar(testApi.deps, anna)
    const count = await countAvatars()
    const second = await giveAvatar(testApi.deps, anna)
    expect([await statusOf(boris, first), await statusOf(boris, second), await countAvatars()]).toEqual([
      404,
      200,
      count,
    ])
    const removed = await ask(anna, 'DELETE', mine)
    expect(((await removed.json()) as { person: PersonRow }).person.avatarId).toBe(null)
    expect([await statusOf(boris, second), await countAvatars()]).toEqual([404, count - 1])
    expect((await ask(anna, 'DELETE', mine)).status).toBe(200)
  })

  test('of two that come at once is the later one, and nothing is left of the other', async () => {
    await giveAvatar(testApi.deps, anna)
    const count = await countAvatars()
    const ctx = await signedInContext(testApi.deps, anna)
    const rows = await Promise.all([1, 2, 3].map(() => setMyAvatar(ctx, madeAvatar())))
    const last = rows.toSorted((one, other) => other.rev - one.rev)[0]!
    expect((await personOf(anna)).avatarId).toBe(last.avatarId)
    expect(await countAvatars()).toBe(count)
  })

  test('is set once by a request that comes again because its answer was lost', async () => {
    const picture = plain(90, 90, '#0f0').png()
    const id = await setMine(anna, picture.clone())
    const { rev } = await personOf(anna)
    expect(await setMine(anna, picture.clone())).toBe(id)
    expect((await personOf(anna)).rev).toBe(rev)
  })

  test('is not set by somebody who is disabled meanwhile', async () => {
    const gone = await newUser(testApi.deps)
    const ctx = await signedInContext(testApi.deps, gone)
    await as(admin).admin.setDisabled({ userId: gone.userId, disabled: true })
    const count = await countAvatars()
    expect(await outcomeOf(setMyAvatar(ctx, madeAvatar()))).toBe('auth.required')
    expect(await countAvatars()).toBe(count)
  })

  test('is not set by the tab of somebody who was signed in here before', async () => {
    const answer = await ask(anna, 'PUT', mine, await plain(9, 9).png().toBuffer(), { 'x-veche-person': boris.userId })
    expect([answer.status, await codeOf(answer)]).toEqual([409, 'auth.other_person'])
  })
})

describe('what is no picture for an avatar', () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ['nothing', () => Buffer.alloc(0)],
    ['a text', () => Buffer.from('I am a picture')],
    ['a page', () => Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>')],
    ['a PDF', () => Buffer.from('%PDF-1.7\n1 0 obj <<>> endobj')],
    ['half a picture', async () => (await plain(800, 800).jpeg().toBuffer()).subarray(0, 1_000)],
    ['the head of a picture', async () => (await plain(80, 80).png().toBuffer()).subarray(0, 40)],
    ['a picture of more pixels than an avatar needs', () => plain(5_000, 5_000).png().toBuffer()],
  ])('%s is refused, and the avatar before it stays', async (_, bytes) => {
    const id = await giveAvatar(testApi.deps, vera)
    const answer = await ask(vera, 'PUT', mine, await bytes())
    expect([answer.status, await codeOf(answer)]).toEqual([422, 'avatar.unreadable'])
    expect((await personOf(vera)).avatarId).toBe(id)
  })

  test('more bytes than an avatar needs are refused', async () => {
    const answer = await ask(vera, 'PUT', mine, Buffer.alloc(2_000_001))
    expect([answer.status, await codeOf(answer)]).toEqual([413, 'request.too_large'])
  })

  test('a sender that goes away in the middle leaves nothing', async () => {
    const id = await giveAvatar(testApi.deps, vera)
    const [count, bytes] = [await countAvatars(), await plain(300, 300).png().toBuffer()]
    const headers = { ...headersOf(vera), 'content-length': String(bytes.length) }
    const sending = request(`${base}${mine}`, { method: 'PUT', headers }).on('error', () => undefined)
    sending.write(bytes.subarray(0, bytes.length - 1))
    await vi.waitFor(() => expect(sending.socket?.writableLength).toBe(0))
    sending.destroy()
    // Another request of the same person is answered after it.
    expect((await ask(vera, 'PUT', mine, bytes)).status).toBe(200)
    expect([await countAvatars(), (await personOf(vera)).avatarId === id]).toEqual([count, false])
  })

  test('somebody who changes their avatar all the time has to wait', async () => {
    const busy = await newUser(testApi.deps)
    const answers = await Promise.all(Array.from({ length: 70 }, () => ask(busy, 'DELETE', mine)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(10)
    expect(
      Number(await refused[0]!.json().then((body) => (body as { retryAfterSeconds: number }).retryAfterSeconds)),
    ).toBeGreaterThan(0)
  })
})

describe('the avatar of a group', () => {
  test('is told in its history, and seen by its members of today only', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const answer = await ask(anna, 'PUT', ofChat(chatId), await plain(300, 300).webp().toBuffer())
    const { chat } = (await answer.json()) as { chat: ChatRow }
    const { messages } = await as(boris).messages.history({ chatId })
    expect(messages.at(-1)).toMatchObject({ kind: 'system', authorId: anna.userId, system: { event: 'avatar' } })
    expect([await statusOf(boris, chat.avatarId!), await statusOf(vera, chat.avatarId!)]).toEqual([200, 404])
    await as(anna).chats.removeMember({ chatId, userId: boris.userId })
    expect([await statusOf(anna, chat.avatarId!), await statusOf(boris, chat.avatarId!)]).toEqual([200, 404])
  })

  test('is removed by who may set it, and removing none changes nothing', async () => {
    const chatId = await newGroup(testApi.deps, [anna, boris])
    const count = await countAvatars()
    const id = await giveAvatar(testApi.deps, anna, chatId)
    const removed = (await (await ask(anna, 'DELETE', ofChat(chatId))).json()) as { chat: ChatRow }
    expect([removed.chat.avatarId, await statusOf(anna, id), await countAvatars()]).toEqual([null, 404, count])
    const again = (await (await ask(anna, 'DELETE', ofChat(chatId))).json()) as { chat: ChatRow }
    expect(again.chat.rev).toBe(removed.chat.rev)
  })

  test('is not set in a direct chat, and one that is unknown looks like one of others', async () => {
    const direct = await newDirect(testApi.deps, anna, boris)
    const foreign = await newGroup(testApi.deps, [boris, vera])
    const bytes = await plain(30, 30).png().toBuffer()
    const asked = [direct, foreign, newId<ChatId>(), 'nothing' as ChatId].map(async (id) => {
      const answer = await ask(anna, 'PUT', ofChat(id), bytes)
      return `${answer.status} ${await codeOf(answer)}`
    })
    const notFound = '404 chat.not_found'
    expect(await Promise.all(asked)).toEqual(['403 chat.forbidden', notFound, notFound, notFound])
  })

  test('is not set by a moderator who is removed while their picture waits for the lock', async () => {
    const { deps } = testApi
    const chatId = await newGroup(deps, [anna, boris])
    await as(anna).chats.setRole({ chatId, userId: boris.userId, role: 'moderator' })
    const ctx = await signedInContext(deps, boris)
    const count = await countAvatars()
    let setting: Promise<string> | undefined
    await changeScopes(deps, [chatScope(chatId)], async (tx) => {
      setting = outcomeOf(setChatAvatar(ctx, chatId, madeAvatar()))
      await vi.waitFor(async () => expect(await lockWaits(deps)).toBe(1), { timeout: 10_000 })
      const gone = { left_at: new Date(testApi.clock.now()), was_removed: true }
      const row = tx.db.updateTable('members').set(gone).where('chat_id', '=', chatId)
      await row.where('user_id', '=', boris.userId).execute()
    })
    expect([await setting, await countAvatars()]).toEqual(['chat.not_found', count])
  })
})

describe('a guest', () => {
  async function newGuest(meetingId?: MeetingId) {
    const guest = await newUser(testApi.deps, { kind: 'guest' })
    if (meetingId) await takeSeat(meetingId, guest)
    return guest
  }

  async function takeSeat(meetingId: MeetingId, who: TestUser, state: 'in' | 'left' = 'in') {
    const seat = { id: newId<SeatId>(), meeting_id: meetingId, user_id: who.userId, tab: newId<never>(), state }
    await testApi.deps.db
      .insertInto('seats')
      .values({
        ...seat,
        session_id: who.sessionId as SessionId,
        capabilities: [],
        epoch: 1,
        rev: 1,
        since_rev: 1,
        user_rev: 1,
      })
      .execute()
  }

  test('sees the avatars of the people in their meeting and of its group, as long as they sit in it', async () => {
    const { people, chatId, meetingId } = await newMeeting(testApi.deps)
    const [owner, other] = people as [TestUser, TestUser]
    await takeSeat(meetingId, owner)
    await takeSeat(meetingId, other, 'left')
    const give = (who: TestUser, chat?: ChatId) => giveAvatar(testApi.deps, who, chat)
    const avatars = [await give(owner), await give(owner, chatId), await give(other), await give(anna)]
    const seenBy = (who: TestUser) => Promise.all(avatars.map((id) => statusOf(who, id)))
    const [inside, outside] = [await newGuest(meetingId), await newGuest()]
    expect(await seenBy(inside)).toEqual([200, 200, 404, 404])
    expect(await seenBy(outside)).toEqual([404, 404, 404, 404])
    await testApi.deps.db.updateTable('seats').set({ state: 'left' }).where('user_id', '=', inside.userId).execute()
    expect(await seenBy(inside)).toEqual([404, 404, 404, 404])
  })

  test('has no avatar', async () => {
    const answer = await ask(await newGuest(), 'PUT', mine, await plain(30, 30).png().toBuffer())
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'auth.guest_forbidden'])
  })
})
