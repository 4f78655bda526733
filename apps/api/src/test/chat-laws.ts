import { type ChatId, newId } from '@veche/shared/ids'
import { bury, newDirect, newGroup, newUsers, say, type TestUser } from './builders.ts'
import { callerFor, type House } from './harness.ts'

export type Cast = {
  anna: TestUser
  boris: TestUser
  vera: TestUser
  outsider: TestUser
  group: ChatId
  direct: ChatId
}
type Action = (house: House, cast: Cast) => Promise<unknown>

const as = (house: House, who: TestUser) => callerFor(house.deps, who)

/** The mutations of chats, each done once by somebody among these people. */
export const chatLaws: Record<string, Action> = {
  'chats.openDirect': (house, { anna, outsider }) => as(house, anna).chats.openDirect({ userId: outsider.userId }),
  'chats.createGroup': (house, { anna, boris, outsider }) =>
    as(house, anna).chats.createGroup({ id: newId(), title: 'New', userIds: [boris.userId, outsider.userId] }),
  'chats.rename': (house, { anna, group }) => as(house, anna).chats.rename({ chatId: group, title: 'Renamed' }),
  'chats.configure': (house, { anna, group }) =>
    as(house, anna).chats.configure({ chatId: group, historyForNew: false }),
  'chats.addMembers': (house, { anna, group, outsider }) =>
    as(house, anna).chats.addMembers({ chatId: group, userIds: [outsider.userId] }),
  'chats.removeMember': (house, { anna, group, boris }) =>
    as(house, anna).chats.removeMember({ chatId: group, userId: boris.userId }),
  'chats.setRole': (house, { anna, group, boris }) =>
    as(house, anna).chats.setRole({ chatId: group, userId: boris.userId, role: 'moderator' }),
  'chats.leave': (house, { boris, group }) => as(house, boris).chats.leave({ chatId: group }),
  'chats.setMine': (house, { boris, group }) =>
    as(house, boris).chats.setMine({ chatId: group, notify: 'none', pinned: true, unreadMark: true }),
  'messages.send': (house, { anna, direct }) =>
    as(house, anna).messages.send({ chatId: direct, clientId: newId(), body: 'hello' }),
  'messages.read': (house, { boris, group }) => as(house, boris).messages.read({ chatId: group, seq: 3 }),
  'messages.delivered': (house, { boris, direct }) => as(house, boris).messages.delivered({ chatId: direct, seq: 1 }),
  'messages.typing': (house, { boris, direct }) => as(house, boris).messages.typing({ chatId: direct }),
  'users.updateProfile': (house, { boris }) => as(house, boris).users.updateProfile({ name: 'Boris the Second' }),
  'users.updateSettings': (house, { boris }) => as(house, boris).users.updateSettings({ theme: 'dark', locale: 'ru' }),
  'a message is deleted': async (house, { anna, group }) => {
    const { seq } = await say(house.deps, anna, group, 'to be deleted')
    await bury(house.deps, group, seq)
  },
}

export async function newCast(house: House): Promise<Cast> {
  const [anna, boris, vera, outsider] = await newUsers(house.deps, [{}, {}, {}, {}])
  const group = await newGroup(house.deps, [anna!, boris!, vera!])
  const direct = await newDirect(house.deps, anna!, boris!)
  for (const body of ['one', 'two', 'three']) await say(house.deps, anna!, group, body)
  await say(house.deps, anna!, direct, 'first')
  return { anna: anna!, boris: boris!, vera: vera!, outsider: outsider!, group, direct }
}
