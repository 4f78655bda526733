import { createHmac } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { callerFor, type TestApi, newTestApi } from '../../test/harness.ts'
import { MediaNode } from '../../test/nodes/media-node.ts'
import { join, leave, newMeeting } from '../../test/meetings.ts'

const secret = 'a secret of the TURN server'
let testApi: TestApi
beforeAll(async () => {
  testApi = await newTestApi({
    TURN_SECRET: secret,
    TURN_URLS: 'turn:turn.example.org:3478, turns:turn.example.org:443',
  })
  await MediaNode.start(testApi.deps)
})

it('TURN credentials are given to people with a seat only, are valid for ten minutes, and can be checked by the TURN server', async () => {
  const { people, meetingId, chatId } = await newMeeting(testApi.deps)
  const [anna, boris] = people as [(typeof people)[0], (typeof people)[0]]
  const joined = await join(testApi.deps, anna, meetingId)
  const before = Date.now()
  const { iceServers, iceUntil } = await callerFor(testApi.deps, anna).meetings.iceServers({ meetingId })
  expect(iceUntil).toBeGreaterThan(before + 599_000)
  expect(iceUntil).toBeLessThanOrEqual(Date.now() + 600_000)
  const username = `${iceUntil / 1000}:${joined.seat.id}`
  const credential = createHmac('sha1', secret).update(username).digest('base64')
  const urls = ['turn:turn.example.org:3478', 'turns:turn.example.org:443']
  expect(iceServers).toEqual([{ urls, username, credential }])
  expect(joined.iceServers).toMatchObject([{ urls }])
  await expect(callerFor(testApi.deps, boris).meetings.iceServers({ meetingId })).rejects.toThrow('meeting.not_seated')
  await join(testApi.deps, boris, meetingId)
  await callerFor(testApi.deps, anna).chats.removeMember({ chatId, userId: boris.userId })
  // The seat itself has not been removed yet.
  await expect(callerFor(testApi.deps, boris).meetings.iceServers({ meetingId })).rejects.toThrow('meeting.not_found')
  await leave(testApi.deps, anna, joined)
  await expect(callerFor(testApi.deps, anna).meetings.iceServers({ meetingId })).rejects.toThrow('meeting.not_seated')
})

it('TURN over UDP is named first, then over TCP, then over TLS, whatever order the operator chose', async () => {
  const urls = [
    'turns:a.example.org:443?transport=tcp',
    'turn:a.example.org:3478?transport=tcp',
    'turn:b.example.org:3478?transport=udp',
    'turn:a.example.org:3478',
  ]
  const other = testApi.anotherProcess({ TURN_URLS: urls.join(',') })
  const { people, meetingId } = await newMeeting(other)
  const { iceServers } = await join(other, people[0]!, meetingId)
  expect(iceServers[0]?.urls).toEqual([urls[2], urls[3], urls[1], urls[0]])
})

it('without TURN servers a join answers no ICE servers', async () => {
  const bare = testApi.anotherProcess({ TURN_URLS: '' })
  const { people, meetingId } = await newMeeting(bare)
  expect((await join(bare, people[0]!, meetingId)).iceServers).toEqual([])
})
