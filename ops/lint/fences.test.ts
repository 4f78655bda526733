import { ESLint } from 'eslint'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'

type Case = [rule: string, file: string, code: string]
type Report = { diagnostics: { message: string; code?: string; filename: string }[] }

const root = resolve(import.meta.dirname, '../..')
const eslint = new ESLint({ cwd: root, warnIgnored: true })

const forbidden: Case[] = [
  ['shared imports nothing of ours', 'packages/shared/src/ids.ts', `import { db } from '@veche/db/client'`],
  ['shared knows no Node', 'packages/shared/src/ids.ts', `import { join } from 'node:path'`],
  ['a package never imports an app', 'packages/db/src/client.ts', `import { app } from '../../../apps/api/src/app.ts'`],
  ['the SFU knows no database', 'apps/sfu/src/main.ts', `import { db } from '@veche/db/client'`],
  ['an app never imports an app', 'apps/sfu/src/main.ts', `import { app } from '../../api/src/app.ts'`],
  ['the API knows the SFU by its types', 'apps/api/src/meetings/node.ts', `import { router } from '@veche/sfu/router'`],
  [
    'the web app knows the API by its types',
    'apps/web/src/lib/api/client.ts',
    `import { router } from '@veche/api/router'`,
  ],
  [
    'the web app knows the API by its router',
    'apps/web/src/lib/api/client.ts',
    `import type { Ctx } from '@veche/api/ctx'`,
  ],
  [
    'the web app runs in the browser',
    'apps/web/src/lib/conversation/list.ts',
    `import { readFileSync } from 'node:fs'`,
  ],
  ['platform imports no feature', 'apps/api/src/platform/scopes.ts', `import { openChat } from '../chats/access.ts'`],
  ['nodes know no meetings', 'apps/api/src/nodes/heartbeats.ts', `import { openMeeting } from '../meetings/access.ts'`],
  ['features import downwards', 'apps/api/src/users/user.ts', `import { openChat } from '../chats/access.ts'`],
  [
    'features import downwards, types too',
    'apps/api/src/chats/chat.ts',
    `import type { Message } from '../messages/message.ts'`,
  ],
  ['sync reads through row sources', 'apps/api/src/sync/scope.ts', `import { rows } from '../messages/rows.ts'`],
  [
    'a router is imported by the root only',
    'apps/api/src/messages/message.ts',
    `import { chats } from '../chats/router.ts'`,
  ],
  ['features do not import the root', 'apps/api/src/messages/router.ts', `import { build } from '../app.ts'`],
  ['deps.ts is for main, app and tests', 'apps/api/src/users/user.ts', `import { openDeps } from '../deps.ts'`],
  [
    'scopes have one gated way',
    'apps/api/src/chats/chat.ts',
    `import { lockScopes } from '../platform/scopes/locks.ts'`,
  ],
  ['production code imports no harness', 'apps/api/src/users/user.ts', `import { newUser } from '../test/builders.ts'`],
  [
    'production code imports no test',
    'apps/web/src/lib/conversation/list.ts',
    `import { sample } from './list.test.ts'`,
  ],
  [
    'what features stand on knows no feature',
    'apps/web/src/lib/live/live.ts',
    `import { Chat } from '#lib/conversation/chat.svelte.ts'`,
  ],
  [
    'a lower feature of the web app imports no higher one',
    'apps/web/src/lib/people/PeoplePage.ts',
    `import { Chats } from '#lib/chats/chats.svelte.ts'`,
  ],
  [
    'a conversation knows no meeting',
    'apps/web/src/lib/conversation/message/EventMessage.ts',
    `import CallCard from '#lib/meetings/CallCard.svelte'`,
  ],
  [
    'a conversation knows no meeting by a relative path and by its types either',
    'apps/web/src/lib/conversation/ConversationView.ts',
    `import type { Calls } from '../meetings/calls.svelte.ts'`,
  ],
  [
    'a conversation knows no meeting, also when its code is fetched later',
    'apps/web/src/lib/conversation/message/EventMessage.ts',
    `export const load = () => import('#lib/meetings/CallCard.svelte')`,
  ],
  ['no feature imports the frame', 'apps/web/src/lib/admin/page.ts', `import F from '#lib/frame/AppFrame.svelte'`],
  ['the sign-in imports no feature', 'apps/web/src/lib/auth/next.ts', `import { P } from '#lib/people/people.ts'`],
  ['ui knows no server', 'apps/web/src/lib/ui/form/button.ts', `import { api } from '../../api/client.ts'`],
  ['ui knows no feature', 'apps/web/src/lib/ui/page/title.ts', `import { Chats } from '#lib/chats/chats.svelte.ts'`],
  ['i18n knows no server', 'apps/web/src/lib/i18n/i18n.ts', `import { Session } from '#lib/session/session.svelte.ts'`],
  [
    'helpers of the browser know no server',
    'apps/web/src/lib/browser/storage.ts',
    `import { Live } from '../live/live.ts'`,
  ],
  ['nothing imports routes', 'apps/web/src/lib/conversation/list.ts', `import { load } from '../../routes/+layout.ts'`],
  ['settings are read in env.ts', 'apps/api/src/app.ts', `export const port = process.env.PORT`],
  [
    'chats are opened, not selected',
    'apps/api/src/messages/message.ts',
    `export const q = (db: any) => db.selectFrom('chats as d')`,
  ],
  [
    'meetings are opened, not selected',
    'apps/api/src/messages/message.ts',
    `export const q = (db: any) => db.selectFrom('meetings as m')`,
  ],
  ['stores are not used', 'apps/web/src/lib/live/live.ts', `import { writable } from 'svelte/store'`],
]

const allowed: Case[] = [
  ['everyone imports shared', 'packages/db/src/client.ts', `import { newId } from '@veche/shared/ids'`],
  ['the API imports db', 'apps/api/src/platform/db.ts', `import { open } from '@veche/db/client'`],
  [
    'the API knows the types of the SFU',
    'apps/api/src/meetings/node.ts',
    `import type { Router } from '@veche/sfu/router'`,
  ],
  [
    'the web app knows the types of the API',
    'apps/web/src/lib/api/client.ts',
    `import type { Router } from '@veche/api/router'`,
  ],
  ['features stand on platform', 'apps/api/src/users/user.ts', `import { lockScope } from '../platform/scopes.ts'`],
  ['features import downwards', 'apps/api/src/messages/message.ts', `import { openChat } from '../chats/access.ts'`],
  [
    'features of one floor know each other',
    'apps/api/src/auth/reset.ts',
    `import { queueMail } from '../mail/mail.ts'`,
  ],
  ['the root imports routers', 'apps/api/src/router.ts', `import { users } from './users/router.ts'`],
  ['the types of deps are for all', 'apps/api/src/users/user.ts', `import type { Deps } from '../deps.ts'`],
  ['tests import the harness', 'apps/api/src/users/user.test.ts', `import { newUser } from '../test/builders.ts'`],
  [
    'a feature of the web app stands on live',
    'apps/web/src/lib/conversation/chat.ts',
    `import { Live } from '#lib/live/live.ts'`,
  ],
  [
    'a higher feature of the web app imports a lower one',
    'apps/web/src/lib/meetings/conversation-parts.ts',
    `import type { ConversationParts } from '#lib/conversation/conversation-parts.ts'`,
  ],
  [
    'a higher feature fetches a lower one later',
    'apps/web/src/lib/conversation/DetailsPane.ts',
    `export const load = () => import('#lib/chats/details/ChatDetails.svelte')`,
  ],
  ['the frame imports features', 'apps/web/src/lib/frame/help.ts', `import L from '#lib/settings/ShortcutList.svelte'`],
  ['everything stands on ui', 'apps/web/src/lib/api/Problem.ts', `import { uiWords } from '#lib/ui/words.ts'`],
  [
    'routes compose features',
    'apps/web/src/routes/+layout.ts',
    `import { Chat } from '#lib/conversation/chat.svelte.ts'`,
  ],
  [
    'a benchmark runs the real store',
    'ops/bench/client.ts',
    `import { Store } from '../../apps/web/src/lib/store/Store.ts'`,
  ],
  ['env.ts reads settings', 'apps/api/src/env.ts', `export const port = process.env.PORT`],
  ['chats select chats', 'apps/api/src/chats/access.ts', `export const q = (db: any) => db.selectFrom('chats')`],
  [
    'meetings select meetings',
    'apps/api/src/meetings/access.ts',
    `export const q = (db: any) => db.selectFrom('meetings')`,
  ],
]

const inComponents = (cases: Case[]) => cases.filter(([, file]) => file.startsWith('apps/web/'))
let complaints: Promise<Map<Case, string[]>> | undefined

test.each(forbidden)('it is refused: %s', async (...one) => {
  expect(await complaintsOf(one)).toHaveLength(1)
})

test.each(allowed)('it is allowed: %s', async (...one) => {
  expect(await complaintsOf(one)).toEqual([])
})

test.each(inComponents(forbidden))('it is refused in a component: %s', async (_rule, file, code) => {
  expect(await complaintsOfComponent(file, scriptOf(code))).toHaveLength(1)
})

test.each(inComponents(allowed))('it is allowed in a component: %s', async (_rule, file, code) => {
  expect(await complaintsOfComponent(file, scriptOf(code))).toEqual([])
})

test('a component makes no markup from strings', async () => {
  const code = `${scriptOf("let a = ''")}{@html a}`
  expect(await complaintsOfComponent('apps/web/src/lib/ui/Text.ts', code)).toHaveLength(1)
})

/** oxlint reads files and starts slowly, so that all cases are answered by a few runs. */
async function complaintsOf([, file, code]: Case): Promise<string[]> {
  complaints ??= lintAll([...forbidden, ...allowed])
  for (const [one, messages] of await complaints) if (one[1] === file && one[2] === code) return messages
  throw new Error(`${file} was not linted.`)
}

/** One checkout holds a file once, so that cases for the same file are in several. */
async function lintAll(cases: Case[]): Promise<Map<Case, string[]>> {
  const checkouts: Map<string, Case>[] = []
  for (const one of cases) {
    let checkout = checkouts.find((files) => !files.has(one[1]))
    if (!checkout) checkouts.push((checkout = new Map()))
    checkout.set(one[1], one)
  }
  const results = await Promise.all(checkouts.map(lintCheckout))
  return new Map(results.flat())
}

async function lintCheckout(files: Map<string, Case>): Promise<[Case, string[]][]> {
  const checkout = newFolder()
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(checkout, path)), { recursive: true })
    writeFileSync(join(checkout, path), text)
  }
  write('package.json', '{ "type": "module" }')
  write('oxlint.config.ts', `export { default } from ${JSON.stringify(join(root, 'oxlint.config.ts'))}`)
  for (const [path, [, , code]] of files) write(path, code)
  const { diagnostics } = await oxlint(checkout)
  const ours = diagnostics.filter(({ code }) => !code || code.startsWith('veche('))
  return [...files].map(([path, one]) => [
    one,
    ours.filter(({ filename }) => filename === path).map(({ message }) => message),
  ])
}

function oxlint(cwd: string): Promise<Report> {
  const program = join(root, 'node_modules/.bin/oxlint')
  return new Promise((done, failed) => {
    execFile(program, ['--format', 'json'], { cwd }, (error, stdout) => {
      if (stdout.startsWith('{')) done(JSON.parse(stdout) as Report)
      else failed(new Error(`oxlint gave no report: ${stdout}`, { cause: error }))
    })
  })
}

function scriptOf(code: string): string {
  return `<script lang="ts">\n  ${code}\n</script>\n`
}

async function complaintsOfComponent(file: string, code: string): Promise<string[]> {
  const filePath = resolve(root, file.replace(/(\.svelte)?\.ts$/, '.svelte'))
  const [result] = await eslint.lintText(code, { filePath })
  expect(result!.fatalErrorCount).toBe(0)
  const ours = result!.messages.filter(({ ruleId }) => !ruleId || /^veche\/|^svelte\/no-at-html/.test(ruleId))
  return ours.map(({ message }) => message)
}
