import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newGroup, newUser, say } from '../../test/builders.ts'
import { callerFor, newTestApi } from '../../test/harness.ts'
import { Observer } from '../../test/Observer.ts'

const api = join(import.meta.dirname, '../..')

test.each([
  ['a current member', /left_at is null|'(\w+\.)?left_at', 'is', null/, 'platform/scopes/members.ts'],
  ['a visible message', /from_seq - 1|>=? \w+\.from_seq|cleared_seq \+ 1/, 'platform/scopes/members.ts'],
  ['a taken seat', /in \('in', 'away'\)/, 'meetings/states.ts'],
  ['a live session', /revoked_at is null|'\w+\.revoked_at', 'is', null/, 'platform/live-sessions.ts'],
])('the statements of the API say in one place what %s is', (_what, condition, home) => {
  const sources = globSync('**/*.ts', { cwd: api, exclude: ['test/**', '**/*.test.ts'] })
  expect(sources.filter((path) => condition.test(readFileSync(join(api, path), 'utf8')))).toEqual([home])
})

test('messages that a chat has cleared are in no history, list, number or answer', async () => {
  const { deps } = await newTestApi()
  const [anna, boris] = [await newUser(deps), await newUser(deps)]
  const [emptied, chatId] = [await newGroup(deps, [anna, boris]), await newGroup(deps, [anna, boris])]
  for (const body of ['cleared', 'kept', 'kept too']) await say(deps, anna, chatId, body)
  await say(deps, anna, emptied, 'cleared last of all')
  const clear = (id: typeof chatId, seq: number) =>
    deps.db.updateTable('chats').set({ cleared_seq: seq }).where('id', '=', id).execute()
  await clear(chatId, 2)
  await clear(emptied, 2)
  const { messages, sync } = callerFor(deps, boris)
  const { rows, unread } = await sync.scope({ id: chatId, since: 0 })
  const observer = await Observer.open(deps, boris)
  const list = await sync.chats({})
  const bodies = [
    (await messages.history({ chatId })).messages,
    rows.messages ?? [],
    observer.rows('messages'),
    list.chats.flatMap((answer) => answer.rows.messages ?? []),
  ].map((found) => found.map(({ body }) => body).sort())
  expect(bodies).toEqual([['kept', 'kept too'], ['kept', 'kept too'], ['kept', 'kept too'], ['kept too']])
  expect(unread?.unread).toBe(2)
  expect(list.chats.map(({ id }) => id)).toEqual([chatId, emptied])
  observer.close()
})
