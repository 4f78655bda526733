import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import { loadEnv, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { maxWorkers, timeLimits } from '../../ops/test/time-limits.ts'
import { iconsPlugin } from './icons/plugin.ts'
import { release } from './release.ts'
import { wordsPlugin } from './words/plugin.ts'

export default defineConfig(({ mode }) => {
  const { API_URL = 'http://localhost:8080' } = loadEnv(mode, '.', 'API_')
  const api = { target: API_URL, ws: true, changeOrigin: false }
  return {
    plugins: [
      wordsPlugin(),
      iconsPlugin(),
      plainAnnouncer(),
      plainSerializer(),
      versionOfPage(),
      clientWithoutSockets(),
      sveltekit({
        adapter: adapter({ fallback: '200.html', precompress: true }),
        // Offline every page is served from one file, so its addresses must not depend on the depth of the path.
        paths: { relative: false },
        serviceWorker: { register: false },
        // The service worker looks for new versions; SvelteKit need not.
        version: { name: release(), pollInterval: 0 },
        compilerOptions: { runes: true },
      }),
    ],
    build: { rolldownOptions: { output: { codeSplitting: { groups } } } },
    server: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    preview: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    test: {
      ...timeLimits,
      maxWorkers,
      include: ['{src,test,words,icons}/**/*.test.ts'],
      // Modules keep no state, so test files share processes: one for each file costs half of all CPU time.
      isolate: false,
    },
  }
})

// Modules that are loaded together go into one file: fewer requests, and better compression. A file takes what its modules import and
// no earlier one has taken.
/** What every page starts with: the root layout and what it is made of. */
const root =
  /src\/(routes\/\+layout\.svelte|lib\/(browser\/|i18n\/(?!device)|session\/|signed-in\/SignedIn\.|frame\/app\/(AppPending|LazyAppBars)|auth\/(AuthLayout|BadLink)|ui\/(Lazy|page\/tab-title|theme|form\/(Button|IconButton|LinkButton|focus))))/
/** The first screen of the app: its frame, the list of chats, and a conversation. */
const chats =
  /src\/(routes\/\(app\)\/(\+layout|\(chats\)\/(\+layout|chats\/\[id\]\/\+page))\.svelte|lib\/frame\/app\/open-app\.ts)/
/** What stands around every form and every page that needs no account. */
const outside = /src\/lib\/(frame\/public\/PublicFrame|auth\/(LanguageSwitch|words))/
/** Forms are apart, because the first screen of a chat needs none. */
const forms =
  /src\/lib\/(ui\/(form\/(PasswordField|Select|Switch|TextField)|list\/(Card|Tag)|page\/SectionPage)|api\/InlineError|people\/PersonItem)\.svelte/
/** What the card, the banner and the pages of a call share. Apart, each would be a file of a few lines. */
const meetings = /src\/lib\/meetings\/(words|call-words|duration|live-meeting|participant\/ParticipantAvatars)/
/** No page begins with a dialog. */
const dialogs = /src\/lib\/ui\/overlay\/(Dialog|ConfirmDialog)\.svelte/
/** Kit has a file of its own, the texts of errors are loaded after the first error, and a sign-in has no store. */
const isShared = (id: string) =>
  !/@sveltejs\/kit|\.svelte-kit|api\/error-description|lib\/store\//.test(id) && !forms.test(id) && !dialogs.test(id)
const groups = [
  // The media library is a file of its own, because size.test.ts bounds its size and ours separately.
  {
    name: 'mediasoup',
    test: /node_modules\/(mediasoup-client|sdp-transform|h264-profile-level-id|awaitqueue|debug|ms|events-alias|supports-color)\//,
  },
  { name: 'shared', minShareCount: 15, test: isShared },
  // The page sets the payload first; the rest of Kit reads it while it is loaded.
  { name: 'payload', test: /kit\/src\/runtime\/client\/payload\.js/ },
  { name: 'kit', test: /@sveltejs\/kit\/src\/(?!runtime\/client\/entry\.js)/ },
  { name: 'root', test: root },
  { name: 'chats', test: chats },
  { name: 'outside', test: outside },
  { name: 'meetings', minShareCount: 2, test: meetings },
  { name: 'dialog', minShareCount: 2, test: /overlay\/Dialog\.svelte/ },
  { name: 'confirm-dialog', minShareCount: 2, test: dialogs },
  { name: 'forms', minShareCount: 2, test: forms },
  { name: 'icons', minShareCount: 2, test: /lucide/ },
]

/** SvelteKit's announcer hides itself with a style attribute, which our content security policy forbids; app.css hides it instead. */
function plainAnnouncer(): Plugin {
  return {
    name: 'plain-announcer',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/kit/src/runtime/components/root.svelte')) return null
      const plain = code.replace(/(id="svelte-announcer"[^>]*?)\sstyle="[^"]*"/, '$1')
      if (plain === code)
        this.error('SvelteKit writes its announcer in another way now: check whether the policy still forbids it.')
      return { code: plain, map: null }
    },
  }
}

/** SvelteKit reads data of its own server with devalue. We have no such server, so JSON is enough and saves bytes. */
function plainSerializer(): Plugin {
  const foreign = ['unflatten', 'stringifyAsync', 'uneval']
  return {
    name: 'plain-serializer',
    enforce: 'pre',
    resolveId(id) {
      return id === 'devalue' && this.environment.name === 'client' ? '\0plain-devalue' : null
    },
    load(id) {
      if (id !== '\0plain-devalue') return null
      return [
        'export const parse = (text) => JSON.parse(text)',
        'export const stringify = (value) => JSON.stringify(value)',
        ...foreign.map((name) => `export const ${name} = () => { throw new Error('SvelteKit has no server here') }`),
      ].join('\n')
    },
  }
}

/**
 * SvelteKit copies the version of the page when it is loaded, and a file that we share among pages loads that part of it before the
 * page has told the version. Without one every version of the server is another: an unknown address would be loaded again for ever.
 */
function versionOfPage(): Plugin {
  return {
    name: 'version-of-page',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/kit/src/runtime/app/state/client.svelte.js')) return null
      const late = code
        .replace("import { version } from '$app/env'", "import { payload } from '../../client/payload.js'")
        .replaceAll(/!== version\b/g, '!== payload.version')
      if (!late.includes('import { payload }') || !late.includes('!== payload.version'))
        this.error(
          'SvelteKit compares versions in another way now: check whether it reads the version of the page in time.',
        )
      return { code: late, map: null }
    },
  }
}

/**
 * The index of the tRPC client imports the code of sockets, which is a fifth of what a form needs in all. Forms use no socket, and the
 * first screen does not wait for one: `socket.ts` imports that code by its own path.
 */
function clientWithoutSockets(): Plugin {
  const empty = '\0no-sockets'
  return {
    name: 'client-without-sockets',
    enforce: 'pre',
    resolveId(id, importer) {
      const isSockets = id.startsWith('./wsLink-') && importer?.endsWith('@trpc/client/dist/index.mjs')
      return isSockets && this.environment.name === 'client' ? empty : null
    },
    // The names under which the index imports them. After an upgrade with other names the build fails.
    load: (id) => (id === empty ? 'export const i = null, n = null, r = null, t = null' : null),
  }
}
