import { tests } from './files.ts'
import type { OwnedTable, Pattern } from './rules.ts'

type Fence = { files: string[]; patterns: Pattern[] }
type FileRules = { files: string[]; rules: Record<string, 'off' | 'error' | ['error', ...(Pattern | OwnedTable)[]]> }

const imports = 'veche/no-restricted-imports'
const environment = 'veche/no-environment'
const tables = 'veche/no-restricted-tables'
/** Tests and tools may import anything. */
const toolsAndTests = ['**/*.test.ts', '**/test/**', '**/vite*.config.ts', 'e2e/**', 'ops/**']

/** Features of the API from the lowest floor up: each may import its own floor and lower ones. */
const apiFloors = [
  ['mail', 'auth', 'users'],
  ['chats'],
  ['messages', 'files'],
  ['nodes'],
  ['meetings'],
  ['push', 'search', 'avatars'],
  ['admin'],
]
const apiFeatures = [...apiFloors.flat(), 'sync']

/** What every feature of the web app may import. The first three know no server either. */
const webGround = ['browser', 'i18n', 'ui', 'api', 'session', 'store', 'live']
const withoutServer = webGround.slice(0, 3)
/** Features of the web app from the lowest to the highest: each may import the ones before it, and none after it. */
const webFloors = [
  'auth',
  'avatars',
  'people',
  'chats',
  'conversation',
  'signed-in',
  'files',
  'meetings',
  'push',
  'search',
  'settings',
  'admin',
  'frame',
]

const chats: OwnedTable = { table: 'chats', message: 'A chat is loaded and its right checked by openChat.' }
const meetings: OwnedTable = { table: 'meetings', message: 'A meeting is loaded and its right checked by openMeeting.' }

/** The rules "Who may import whom" of docs/architecture.md; a linter keeps one set of patterns a file, so each set is whole. */
export function fences(): FileRules[] {
  const all = [...packageFences(), ...apiFences(), ...webFences()]
  return [
    ...all.map(({ files, patterns }): FileRules => ({ files, rules: { [imports]: ['error', ...patterns, noTests] } })),
    { files: toolsAndTests, rules: { [imports]: 'off' } },
    ...owners(),
  ]
}

/** What one file or folder may read. */
function owners(): FileRules[] {
  return [
    { files: ['**/*.ts', '**/*.svelte'], rules: { [environment]: 'error', [tables]: ['error', chats, meetings] } },
    {
      files: ['**/env.ts', 'ops/**', '**/*.config.ts', 'packages/db/src/{migrate,generate,upgrade}.ts'],
      rules: { [environment]: 'off' },
    },
    { files: ['apps/api/src/{chats,sync}/**'], rules: { [tables]: ['error', meetings] } },
    { files: ['apps/api/src/meetings/**'], rules: { [tables]: ['error', chats] } },
    { files: tests, rules: { [environment]: 'off', [tables]: 'off' } },
  ]
}

const noTests: Pattern = {
  regex: String.raw`(^|/)test/|\.test\.ts$`,
  message: 'Production code does not import tests or their harness.',
}
const routersOnly: Pattern = {
  regex: String.raw`^@veche/(api|sfu)/router$`,
  message: 'Another app is known by the types of its router only: use "import type".',
  allowTypeImports: true,
}

const otherApps: Pattern = {
  regex: String.raw`^@veche/(web(/.*)?|(api|sfu)(?!/router$)(/.*)?)$|^(\.\./)+(apps/)?(api|web|sfu)/src/`,
  message: 'An app never imports another app (the web app may import the types of the routers).',
}

function packageFences(): Fence[] {
  const ours: Pattern = { regex: '^@veche/', message: 'shared imports nothing of ours.' }
  const node: Pattern = { regex: '^node:', message: 'shared runs in the browser too: no Node.' }
  const apps: Pattern = {
    regex: String.raw`^@veche/(api|web|sfu|ops|e2e)|apps/`,
    message: 'A package never imports an app.',
  }
  const db: Pattern = { regex: '^@veche/db', message: 'Only the API, ops and e2e know the database.' }
  return [
    { files: ['packages/shared/src/**'], patterns: [ours, node] },
    { files: ['packages/db/**'], patterns: [apps] },
    { files: ['apps/sfu/**'], patterns: [otherApps, routersOnly, db] },
  ]
}

function apiFences(): Fence[] {
  const root = 'apps/api/src'
  const sfu = { ...routersOnly, regex: '^@veche/sfu/router$' }
  const self: Pattern = { regex: '^@veche/api(/|$)', message: 'Inside the API, import the file itself.' }
  const wiring: Pattern = {
    regex: String.raw`/deps\.ts$`,
    message: 'deps.ts is touched by main, app and tests.',
    allowTypeImports: true,
  }
  const locks: Pattern = {
    regex: String.raw`/scopes/locks\.ts$`,
    message: 'Scopes are changed by changeScopes: it waits at their gates before it takes a connection and the locks.',
  }
  const everywhere = [otherApps, sfu, self]
  return [
    { files: [`${root}/*.ts`], patterns: [...everywhere, locks] },
    {
      files: [`${root}/platform/**`],
      patterns: [...everywhere, wiring, features(apiFeatures, 'platform imports no feature.')],
    },
    ...apiFeatures.map((feature) => ({
      files: [`${root}/${feature}/**`],
      patterns: [...everywhere, wiring, locks, ...around(feature)],
    })),
  ]
}

/** What one feature of the API may not import of the others. */
function around(feature: string): Pattern[] {
  const floor = apiFloors.findIndex((names) => names.includes(feature))
  const below = apiFloors.slice(0, floor + 1).flat()
  const closed = apiFeatures.filter((other) => other !== feature && !below.includes(other))
  const inner = apiFeatures.filter((other) => other !== feature).join('|')
  return [
    features(closed, `${feature} does not import this feature: upwards goes by hint, nudge or row source.`),
    {
      regex: String.raw`\.\./(${inner})/(router|http)\.ts$`,
      message: "Another feature's router and http belong to the root.",
    },
    {
      regex: String.raw`^(\.\./)+(app|main)\.ts$|^\.\./router\.ts$`,
      message: 'The root imports the features, not the other way round.',
    },
  ]
}

function features(names: string[], message: string): Pattern {
  return { regex: String.raw`\.\./(${names.join('|')})/`, message }
}

function webFences(): Fence[] {
  const root = 'apps/web/src'
  const noNode: Pattern = { regex: '^(node:|@veche/db)', message: 'The web app runs in the browser.' }
  const runes: Pattern = { regex: '^svelte/(internal|store)', message: 'Svelte is used by its runes: no stores.' }
  const everywhere = [otherApps, { ...routersOnly }, noNode, runes]
  const routes: Pattern = {
    regex: String.raw`(^|/)routes/`,
    message: 'Routes compose features, nothing imports routes.',
  }
  const inLib = [...everywhere, routes]
  const server = webGround.filter((name) => !withoutServer.includes(name))
  return [
    { files: [`${root}/**`], patterns: everywhere },
    { files: [`${root}/lib/**`], patterns: inLib },
    ...webGround.map((name) => ({
      files: [`${root}/lib/${name}/**`],
      patterns: [
        ...inLib,
        withoutServer.includes(name)
          ? lib([...webFloors, ...server], `${name} knows no feature and no server.`)
          : lib(webFloors, `${name} knows no feature.`),
      ],
    })),
    ...webFloors.slice(0, -1).map((name, floor) => ({
      files: [`${root}/lib/${name}/**`],
      patterns: [
        ...inLib,
        lib(webFloors.slice(floor + 1), `${name} imports no higher feature: that one registers here.`),
      ],
    })),
  ]
}

function lib(names: string[], message: string): Pattern {
  return { regex: String.raw`(^#lib/|\.\./)(${names.join('|')})/`, message }
}
