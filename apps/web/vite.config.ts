import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import { loadEnv, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { release } from './release.ts'

export default defineConfig(({ mode }) => {
  const { API_URL = 'http://localhost:8080' } = loadEnv(mode, '.', 'API_')
  const api = { target: API_URL, ws: true, changeOrigin: false }
  return {
    plugins: [
      plainAnnouncer(),
      plainSerializer(),
      sveltekit({
        adapter: adapter({ fallback: '200.html', precompress: true }),
        // A page opened offline at a deep link comes from the one shell: its addresses must not depend on the depth.
        paths: { relative: false },
        serviceWorker: { register: false },
        // The service worker asks for news; kit need not ask as well.
        version: { name: release(), pollInterval: 0 },
        compilerOptions: { runes: true },
      }),
    ],
    build: { rolldownOptions: { output: { codeSplitting: { groups } } } },
    server: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    preview: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
  }
})

/**
 * What many screens share is one file: fewer requests, and it compresses better together. Kit's own modules stay as kit splits
 * them, because some of them read, as they load, what the page has told the one before. Forms are many, and none is on the first
 * screen of a chat.
 */
const forms =
  /src\/lib\/(ui\/(form\/(PasswordField|Select|Switch|TextField)|list\/(Card|Tag)|overlay\/ConfirmDialog|page\/SectionPage)|api\/Problem|people\/PersonItem)\.svelte/
const sentences = /src\/lib\/api\/sentences?\.ts/
/** What the list of chats and everything beside it share: small, and always needed together. */
const chats =
  /src\/lib\/(chats\/(catalogue|chat|chats\.svelte|delivery|list-time|message-kinds|system-message-text)\.ts|chats\/DeliveryIcon\.svelte|conversation\/(catalogue|conversation-parts)|ui\/overlay\/shortcut-help|browser\/keyboard|session\/unsent|meetings\/calls\.svelte)|shared\/src\/permissions/
const groups = [
  // What a call needs of others is one file, and of us the rest: the size of either is held to a bound of its own.
  {
    name: 'mediasoup',
    test: /node_modules\/(mediasoup-client|sdp-transform|h264-profile-level-id|awaitqueue|debug|ms|events-alias|supports-color)\//,
  },
  {
    name: 'shared',
    minShareCount: 12,
    test: (id: string) => !/@sveltejs\/kit|\.svelte-kit/.test(id) && !forms.test(id) && !sentences.test(id),
  },
  // What is said when something has gone wrong, fetched then.
  { name: 'sentences', test: sentences },
  { name: 'forms', minShareCount: 2, test: forms },
  { name: 'icons', minShareCount: 2, test: /lucide/ },
  { name: 'ui', minShareCount: 3, test: /src\/lib\/((browser|ui|i18n|people)\/|frame\/ErrorFallback|api\/Trouble)/ },
  { name: 'chats', minShareCount: 2, test: chats },
]

/** Kit's announcer hides itself with a style attribute, which our policy refuses; app.css hides it instead. */
function plainAnnouncer(): Plugin {
  return {
    name: 'plain-announcer',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/kit/src/runtime/components/root.svelte')) return null
      const plain = code.replace(/(id="svelte-announcer"[^>]*?)\sstyle="[^"]*"/, '$1')
      if (plain === code)
        this.error('Kit writes its announcer in another way now: see whether the policy still refuses it.')
      return { code: plain, map: null }
    },
  }
}

/** Kit reads what a server of its own has written, and keeps page states the same way. Here is no such server: JSON is enough. */
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
        ...foreign.map((name) => `export const ${name} = () => { throw new Error('kit has no server here') }`),
      ].join('\n')
    },
  }
}
