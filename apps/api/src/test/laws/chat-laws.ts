import { type ChatId, newId } from '@veche/shared/ids'
import { setChatAvatar, setMyAvatar } from '../../avatars/avatars.ts'
import { giveAvatar, signedInContext } from '../avatars.ts'
import { newDirect, newGroup, newUsers, say, type TestUser } from '../builders.ts'
import { previewTable } from '../../files/previews/preview-table.ts'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newContent, sendFile, sendVoice } from '../files.ts'
import { callerFor, type TestApi } from '../harness.ts'

export type ChatCast = {
  anna: TestUser
  boris: TestUser
  vera: TestUser
  outsider: TestUser
  group: ChatId
  direct: ChatId
}
type Action = (testApi: TestApi, cast: ChatCast) => Promise<unknown>

const as = (testApi: TestApi, who: TestUser) => callerFor(testApi.deps, who)

/** The mutations of chats, each done once by one of these people. */
export const chatLaws: Record<string, Action> = {
  'chats.openDirect': (testApi, { anna, outsider }) => as(testApi, anna).chats.openDirect({ userId: outsider.userId }),
  'chats.createGroup': (testApi, { anna, boris, outsider }) =>
    as(testApi, anna).chats.createGroup({ id: newId(), title: 'New', userIds: [boris.userId, outsider.userId] }),
  'chats.rename': (testApi, { anna, group }) => as(testApi, anna).chats.rename({ chatId: group, title: 'Renamed' }),
  'chats.configure': (testApi, { anna, group }) =>
    as(testApi, anna).chats.configure({ chatId: group, historyForNew: false }),
  'chats.addMembers': (testApi, { anna, group, outsider }) =>
    as(testApi, anna).chats.addMembers({ chatId: group, userIds: [outsider.userId] }),
  'chats.removeMember': (testApi, { anna, group, boris }) =>
    as(testApi, anna).chats.removeMember({ chatId: group, userId: boris.userId }),
  'chats.setRole': (testApi, { anna, group, boris }) =>
    as(testApi, anna).chats.setRole({ chatId: group, userId: boris.userId, role: 'moderator' }),
  'chats.leave': (testApi, { boris, group }) => as(testApi, boris).chats.leave({ chatId: group }),
  'chats.setMine': (testApi, { boris, group }) =>
    as(testApi, boris).chats.setMine({ chatId: group, notify: 'none', pinned: true, unreadMark: true }),
  'messages.send': (testApi, { anna, direct }) =>
    as(testApi, anna).messages.send({ chatId: direct, clientId: newId(), body: 'hello' }),
  'files.send': (testApi, { anna, group }) => sendFile(testApi.deps, anna, group),
  'files.listen': async (testApi, { anna, boris, group }) => {
    const { seq } = await sendVoice(testApi.deps, anna, group)
    await as(testApi, boris).files.listen({ chatId: group, seq })
  },
  'the preview of a picture is made': async (testApi, { anna, group }) => {
    const contentId = await newContent(testApi.deps, anna)
    await sendFile(testApi.deps, anna, group, contentId)
    await tryRow(testApi.deps, previewTable, contentId)
  },
  'messages.delete': (testApi, { anna, group }) => as(testApi, anna).messages.delete({ chatId: group, seq: 3 }),
  'messages.read': (testApi, { boris, group }) => as(testApi, boris).messages.read({ chatId: group, seq: 3 }),
  'messages.delivered': (testApi, { boris, direct }) =>
    as(testApi, boris).messages.delivered({ chatId: direct, seq: 1 }),
  'messages.typing': (testApi, { boris, direct }) => as(testApi, boris).messages.typing({ chatId: direct }),
  'PUT and DELETE /api/me/avatar': async ({ deps }, { boris }) => {
    await giveAvatar(deps, boris)
    await giveAvatar(deps, boris)
    await setMyAvatar(await signedInContext(deps, boris), null)
    await giveAvatar(deps, boris)
  },
  'PUT and DELETE /api/chats/:id/avatar': async ({ deps }, { anna, group }) => {
    await giveAvatar(deps, anna, group)
    await setChatAvatar(await signedInContext(deps, anna), group, null)
    await giveAvatar(deps, anna, group)
  },
  'users.updateProfile': (testApi, { boris }) => as(testApi, boris).users.updateProfile({ name: 'Boris the Second' }),
  'users.updateSettings': (testApi, { boris }) =>
    as(testApi, boris).users.updateSettings({ theme: 'dark', locale: 'ru' }),
}

export async function newChatCast(testApi: TestApi): Promise<ChatCast> {
  const [anna, boris, vera, outsider] = await newUsers(testApi.deps, [{}, {}, {}, {}])
  const group = await newGroup(testApi.deps, [anna!, boris!, vera!])
  const direct = await newDirect(testApi.deps, anna!, boris!)
  for (const body of ['one', 'two', 'three']) await say(testApi.deps, anna!, group, body)
  await say(testApi.deps, anna!, direct, 'first')
  return { anna: anna!, boris: boris!, vera: vera!, outsider: outsider!, group, direct }
}
