import { type ChatId, type MeetingId, newId, type TabId } from '@veche/shared/ids'
import type { JoinAnswer } from '@veche/shared/meetings'
import { endEmptyMeeting } from '../meetings/meeting-end.ts'
import { SeatGuard } from '../meetings/seats/SeatGuard.ts'
import { newGroup, newUser, newUsers, type TestUser } from './builders.ts'
import { callerFor, type House } from './harness.ts'
import type { MediaNode } from './media-node.ts'

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
type Action = (house: House, cast: MeetingCast) => Promise<unknown>

const as = (house: House, who: TestUser) => callerFor(house.deps, who)
const tab = () => newId<TabId>()

/** Every change of meetings, done once. Anna and Boris have seats in one, Vera may join it, and the outsider has the link of another. */
export const meetingLaws: Record<string, Action> = {
  'meetings.start': async (house, { anna, outsider }) => {
    const { id } = await as(house, anna).chats.openDirect({ userId: outsider.userId })
    return as(house, anna).meetings.start({ id: newId(), chatId: id as ChatId })
  },
  'meetings.create': (house, { vera }) =>
    as(house, vera).meetings.create({ id: newId(), chatId: newId(), title: 'Open meeting' }),
  'meetings.join': (house, { vera, meetingId }) => as(house, vera).meetings.join({ meetingId, tab: tab() }),
  'meetings.leave': (house, { boris, meetingId, seats }) =>
    as(house, boris).meetings.leave({ meetingId, seatEpoch: seats.boris.seatEpoch }),
  'a person joins by a link and becomes a member': (house, { outsider, open }) =>
    as(house, outsider).meetings.join({ ...open, tab: tab() }),
  'a seat is taken over by another tab': (house, { boris, meetingId }) =>
    as(house, boris).meetings.join({ meetingId, tab: tab() }),
  'a seat falls silent and is back': async (_house, { node, meetingId, seats }) => {
    node.setSeat(meetingId, seats.boris.seat.id, 'away')
    await node.beat()
    node.setSeat(meetingId, seats.boris.seat.id, 'in')
    await node.beat()
  },
  'a member who has a seat in a meeting is removed': async (house, { anna, boris, group }) => {
    await as(house, anna).chats.removeMember({ chatId: group, userId: boris.userId })
    await new SeatGuard(house.deps).round()
  },
  'a member who has a seat in a meeting is disabled': async (house, { boris }) => {
    const owner = await newUser(house.deps, { role: 'owner' })
    await as(house, owner).admin.setDisabled({ userId: boris.userId, disabled: true })
    await new SeatGuard(house.deps).round()
  },
  'the last ones leave and the meeting ends': async (house, { anna, boris, meetingId, seats }) => {
    await as(house, anna).meetings.leave({ meetingId, seatEpoch: seats.anna.seatEpoch })
    await as(house, boris).meetings.leave({ meetingId, seatEpoch: seats.boris.seatEpoch })
    await endEmptyMeeting(house.deps, meetingId, 0)
  },
}

export async function newMeetingCast(house: House, node: MediaNode): Promise<MeetingCast> {
  const [anna, boris, vera, outsider] = await newUsers(house.deps, [{}, {}, {}, {}])
  const group = await newGroup(house.deps, [anna!, boris!, vera!])
  const { meetingId } = await as(house, anna!).meetings.start({ id: newId(), chatId: group })
  const open = await as(house, anna!).meetings.create({ id: newId(), chatId: newId(), title: 'Open' })
  const seats = {
    anna: await as(house, anna!).meetings.join({ meetingId, tab: tab() }),
    boris: await as(house, boris!).meetings.join({ meetingId, tab: tab() }),
  }
  for (const seat of Object.values(seats)) node.enter(seat)
  const { code } = open
  const people = { anna: anna!, boris: boris!, vera: vera!, outsider: outsider! }
  return { ...people, group, meetingId, open: { meetingId: open.meetingId, code }, seats, node }
}
