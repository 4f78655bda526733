import type { JoinAnswer } from '@veche/shared/meetings'
import { ticketClaims } from '@veche/shared/ticket'
import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { callerFor, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/media-node.ts'
import { join, leave, meetingRow, newMeeting } from '../test/meetings.ts'
import { outcomeOf } from '../test/outcome.ts'
import { hear } from './nodes/heartbeats.ts'
import { SeatGuard } from './SeatGuard.ts'
import { sweepMeetings } from './sweep.ts'

/** A number that looks like chance and is the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

it('whatever happens at once, an epoch of the place is of one node, and an epoch of a seat was given once', async () => {
  const testApi = await newTestApi()
  const processes = [testApi.deps, testApi.anotherProcess()]
  const nodes = await Promise.all([1, 2, 3].map(() => MediaNode.start(testApi.deps)))
  const { people, meetingId, chatId } = await newMeeting(testApi.deps, 4)
  /** Heartbeats that are long on their way. */
  const last = nodes.map((node) => node.heartbeat())
  const answers: JoinAnswer[] = []
  const pick = chance(20_261_121)
  const one = <T>(list: T[]): T => list[pick(list.length)]!
  const come = async () => {
    const [deps, who, last] = [one(processes), one(people), answers.at(-1)]
    const failed = last && pick(2) ? { failed: { nodeId: last.node.id, boot: last.node.boot } } : {}
    const asked = join(deps, who, meetingId, failed).then((answer) => void answers.push(answer))
    expect(['ok', 'meeting.no_node', 'meeting.not_found', 'server.busy']).toContain(await outcomeOf(asked))
  }
  const acts = [come, come, come, come, ...[
    () => leave(one(processes), one(people), one(answers)),
    () => one(nodes).restart(),
    () => Promise.resolve(one(nodes).kill()),
    () => one(nodes).beat(one(processes)),
    () => sweepMeetings(one(processes)),
    () => new SeatGuard(one(processes)).round(),
    () => callerFor(one(processes), people[0]!).chats.removeMember({ chatId, userId: people[3]!.userId }),
    () => callerFor(one(processes), people[0]!).chats.addMembers({ chatId, userIds: [people[3]!.userId] }),
    () => hear(one(processes), one(last)),
    () => Promise.resolve(last.push(one(nodes).heartbeat())),
  ].map((act) => () => outcomeOf(act()))] // prettier-ignore
  /** By somebody who stays in the chat, where a node lives. */
  const surely = async () => void answers.push(await join(testApi.deps, people[0]!, meetingId))
  await surely()
  for (let wave = 0; wave < 12; wave += 1) {
    const wild = Array.from({ length: 6 }, () => one(acts)())
    const home = nodes.find(({ id }) => id === answers.at(-1)!.node.id)!
    // So that it moves, whatever chance brings.
    if (wave % 4 === 3) wild.push(home.restart())
    await Promise.all(wild)
    if (wave % 4 === 3) await surely()
  }

  const claims = answers.map(({ ticket }) => ticketClaims.parse(decodeJwt(ticket)))
  const places = new Map(claims.map(({ meetingEpoch, aud, boot }) => [meetingEpoch, `${aud} ${boot}`]))
  for (const { meetingEpoch, aud, boot } of claims) expect(places.get(meetingEpoch)).toBe(`${aud} ${boot}`)
  expect(places.size).toBeGreaterThan(2)
  expect(new Set(claims.map(({ seat, seatEpoch }) => `${seat} ${seatEpoch}`)).size).toBe(claims.length)
  expect(new Set(claims.map(({ seat, user }) => `${seat} ${user}`)).size).toBe(new Set(claims.map((c) => c.user)).size)
  expect((await meetingRow(testApi.deps, meetingId)).epoch).toBe(Math.max(...claims.map((each) => each.meetingEpoch)))
}, 60_000)
