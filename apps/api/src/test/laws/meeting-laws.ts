import { type ChatId, type MeetingId, newId, type TabId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import { endEmptyMeeting } from '../../meetings/meeting-end.ts'
import { SeatGuard } from '../../meetings/seats/SeatGuard.ts'
import { newGroup, newUser, newUsers, type TestUser } from '../builders.ts'
import { callerFor, type TestApi } from '../harness.ts'
import type { MediaNode } from '../nodes/media-node.ts'

export type MeetingCast = {
  anna: TestUser
  boris: TestUser
  vera: TestUser
  outsider: TestUser
  group: ChatId
  /** A meeting that is open to everyone; only its owner is a member of its chat. */
  open: { meetingId: MeetingId; code: string }
  meetingId: MeetingId
  seats: { anna: JoinAnswer; boris: JoinAnswer }
  node: MediaNode
}
type Action = (testApi: TestApi, cast: MeetingCast) => Promise<unknown>

const as = (testApi: TestApi, who: TestUser) => callerFor(testApi.deps, who)
const tab = () => newId<TabId>()

/** Every change of meetings, done once. Anna and Boris have seats in one, Vera may join it, and the outsider has the link of another. */
export const meetingLaws: Record<string, Action> = {
  'meetings.start': async (testApi, { anna, outsider }) => {
    const { id } = await as(testApi, anna).chats.openDirect({ userId: outsider.userId })
    return as(testApi, anna).meetings.start({ id: newId(), chatId: id as ChatId })
  },
  'meetings.create': (testApi, { vera }) =>
    as(testApi, vera).meetings.create({ id: newId(), chatId: newId(), title: 'Open meeting' }),
  'meetings.join': (testApi, { vera, meetingId }) => as(testApi, vera).meetings.join({ meetingId, tab: tab() }),
  'meetings.leave': (testApi, { boris, meetingId, seats }) =>
    as(testApi, boris).meetings.leave({ meetingId, seatEpoch: seats.boris.seatEpoch }),
  'a person joins by a link and becomes a member': (testApi, { outsider, open }) =>
    as(testApi, outsider).meetings.join({ ...open, tab: tab() }),
  'a seat is taken over by another tab': (testApi, { boris, meetingId }) =>
    as(testApi, boris).meetings.join({ meetingId, tab: tab() }),
  'a seat falls silent and is back': async (_testApi, { node, meetingId, seats }) => {
    node.setSeat(meetingId, seats.boris.seat.id, 'away')
    await node.beat()
    node.setSeat(meetingId, seats.boris.seat.id, 'in')
    await node.beat()
  },
  'a member who has a seat in a meeting is removed': async (testApi, { anna, boris, group }) => {
    await as(testApi, anna).chats.removeMember({ chatId: group, userId: boris.userId })
    await new SeatGuard(testApi.deps).round()
  },
  'a member who has a seat in a meeting is disabled': async (testApi, { boris }) => {
    const owner = await newUser(testApi.deps, { role: 'owner' })
    await as(testApi, owner).admin.setDisabled({ userId: boris.userId, disabled: true })
    await new SeatGuard(testApi.deps).round()
  },
  'the last ones leave and the meeting ends': async (testApi, { anna, boris, meetingId, seats }) => {
    await as(testApi, anna).meetings.leave({ meetingId, seatEpoch: seats.anna.seatEpoch })
    await as(testApi, boris).meetings.leave({ meetingId, seatEpoch: seats.boris.seatEpoch })
    await endEmptyMeeting(testApi.deps, meetingId, 0)
  },
}

export async function newMeetingCast(testApi: TestApi, node: MediaNode): Promise<MeetingCast> {
  const [anna, boris, vera, outsider] = await newUsers(testApi.deps, [{}, {}, {}, {}])
  const group = await newGroup(testApi.deps, [anna!, boris!, vera!])
  const { meetingId } = await as(testApi, anna!).meetings.start({ id: newId(), chatId: group })
  const open = await as(testApi, anna!).meetings.create({ id: newId(), chatId: newId(), title: 'Open' })
  const seats = {
    anna: await as(testApi, anna!).meetings.join({ meetingId, tab: tab() }),
    boris: await as(testApi, boris!).meetings.join({ meetingId, tab: tab() }),
  }
  for (const seat of Object.values(seats)) node.enter(seat)
  const { code } = open
  const people = { anna: anna!, boris: boris!, vera: vera!, outsider: outsider! }
  return { ...people, group, meetingId, open: { meetingId: open.meetingId, code }, seats, node }
}
