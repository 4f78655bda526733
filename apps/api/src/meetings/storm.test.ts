import type { JoinAnswer } from '@veche/shared/meetings'
import { ticketClaims } from '@veche/shared/ticket'
import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { callerFor, newTestApi } from '../test/harness.ts'
import { MediaNode } from '../test/nodes/media-node.ts'
import { join, leave, meetingRow, newMeeting } from '../test/meetings.ts'
import { outcomeOf } from '../test/outcome.ts'
import { acceptHeartbeat } from '../nodes/heartbeats.ts'
import { SeatGuard } from './seats/SeatGuard.ts'
import { sweepMeetings } from './sweep.ts'

/** Pseudo-random numbers that are the same in each run. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

it('under random concurrent events each placement epoch belongs to one node, and each seat epoch is given once', async () => {
  const testApi = await newTestApi()
  const processes = [testApi.deps, testApi.anotherProcess()]
  const nodes = await Promise.all([1, 2, 3].map(() => MediaNode.start(testApi.deps)))
  const { people, meetingId, chatId } = await newMeeting(testApi.deps, 4)
  /** Heartbeats that arrive late. */
  const late = nodes.map((node) => node.heartbeat())
  const answers: JoinAnswer[] = []
  const pick = pseudoRandom(20_261_121)
  const one = <T>(list: T[]): T => list[pick(list.length)]!
  const joinAnyhow = async () => {
    const [deps, who, last] = [one(processes), one(people), answers.at(-1)]
    const failed = last && pick(2) ? { failed: { nodeId: last.node.id, boot: last.node.boot } } : {}
    const asked = join(deps, who, meetingId, failed).then((answer) => void answers.push(answer))
    expect(['ok', 'meeting.no_node', 'meeting.not_found', 'server.busy']).toContain(await outcomeOf(asked))
  }
  const acts = [joinAnyhow, joinAnyhow, joinAnyhow, joinAnyhow, ...[
    () => leave(one(processes), one(people), one(answers)),
    () => one(nodes).restart(),
    () => one(nodes).kill(),
    () => one(nodes).beat(one(processes)),
    () => sweepMeetings(one(processes)),
    () => new SeatGuard(one(processes)).round(),
    () => callerFor(one(processes), people[0]!).chats.removeMember({ chatId, userId: people[3]!.userId }),
    () => callerFor(one(processes), people[0]!).chats.addMembers({ chatId, userIds: [people[3]!.userId] }),
    () => acceptHeartbeat(one(processes), one(late)),
    () => Promise.resolve(late.push(one(nodes).heartbeat())),
  ].map((act) => () => outcomeOf(act()))] // prettier-ignore
  /** A join that must succeed: this person stays in the chat, and a node lives. */
  const joinForSure = async () => void answers.push(await join(testApi.deps, people[0]!, meetingId))
  await joinForSure()
  for (let round = 0; round < 12; round += 1) {
    const wave = Array.from({ length: 6 }, () => one(acts)())
    const home = nodes.find(({ id }) => id === answers.at(-1)!.node.id)!
    // The meeting has to move a few times, whatever the random acts do.
    if (round % 4 === 3) wave.push(home.restart())
    await Promise.all(wave)
    if (round % 4 === 3) await joinForSure()
  }

  const claims = answers.map(({ ticket }) => ticketClaims.parse(decodeJwt(ticket)))
  const nodeOfEpoch = new Map(claims.map(({ meetingEpoch, aud, boot }) => [meetingEpoch, `${aud} ${boot}`]))
  for (const { meetingEpoch, aud, boot } of claims) expect(nodeOfEpoch.get(meetingEpoch)).toBe(`${aud} ${boot}`)
  expect(nodeOfEpoch.size).toBeGreaterThan(2)
  expect(new Set(claims.map(({ seat, seatEpoch }) => `${seat} ${seatEpoch}`)).size).toBe(claims.length)
  expect(new Set(claims.map(({ seat, user }) => `${seat} ${user}`)).size).toBe(new Set(claims.map((c) => c.user)).size)
  expect((await meetingRow(testApi.deps, meetingId)).epoch).toBe(Math.max(...claims.map((each) => each.meetingEpoch)))
}, 180_000)
