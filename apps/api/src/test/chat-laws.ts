import { type DialogId, newId } from '@veche/shared/ids'
import { bury, newDirect, newGroup, newUsers, say, type TestUser } from './builders.ts'
import { callerFor, type House } from './harness.ts'

export type Cast = {
  anna: TestUser
  boris: TestUser
  vera: TestUser
  outsider: TestUser
  group: DialogId
  direct: DialogId
}
type Action = (house: House, cast: Cast) => Promise<unknown>

const as = (house: House, who: TestUser) => callerFor(house.deps, who)

/** The mutations of chats, each done once by somebody among these people. */
export const chatLaws: Record<string, Action> = {
  'dialogs.openDirect': (house, { anna, outsider }) => as(house, anna).dialogs.openDirect({ userId: outsider.userId }),
  'dialogs.createGroup': (house, { anna, boris, outsider }) =>
    as(house, anna).dialogs.createGroup({ id: newId(), title: 'New', userIds: [boris.userId, outsider.userId] }),
  'dialogs.rename': (house, { anna, group }) => as(house, anna).dialogs.rename({ dialogId: group, title: 'Renamed' }),
  'dialogs.configure': (house, { anna, group }) =>
    as(house, anna).dialogs.configure({ dialogId: group, historyForNew: false }),
  'dialogs.addMembers': (house, { anna, group, outsider }) =>
    as(house, anna).dialogs.addMembers({ dialogId: group, userIds: [outsider.userId] }),
  'dialogs.removeMember': (house, { anna, group, boris }) =>
    as(house, anna).dialogs.removeMember({ dialogId: group, userId: boris.userId }),
  'dialogs.setRole': (house, { anna, group, boris }) =>
    as(house, anna).dialogs.setRole({ dialogId: group, userId: boris.userId, role: 'moderator' }),
  'dialogs.leave': (house, { boris, group }) => as(house, boris).dialogs.leave({ dialogId: group }),
  'dialogs.setMine': (house, { boris, group }) =>
    as(house, boris).dialogs.setMine({ dialogId: group, notify: 'none', pinned: true, unreadMark: true }),
  'messages.send': (house, { anna, direct }) =>
    as(house, anna).messages.send({ dialogId: direct, clientId: newId(), body: 'hello' }),
  'messages.read': (house, { boris, group }) => as(house, boris).messages.read({ dialogId: group, seq: 3 }),
  'messages.delivered': (house, { boris, direct }) => as(house, boris).messages.delivered({ dialogId: direct, seq: 1 }),
  'messages.typing': (house, { boris, direct }) => as(house, boris).messages.typing({ dialogId: direct }),
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
