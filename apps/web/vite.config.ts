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
    // What four or more screens share is one file: fewer requests, and it compresses better together.
    build: { rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'base', minShareCount: 4 }] } } } },
    server: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    preview: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
  }
})

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
