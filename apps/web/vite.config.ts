import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
import { loadEnv } from 'vite'
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => {
  const { API_URL = 'http://localhost:8080' } = loadEnv(mode, '.', 'API_')
  const api = { target: API_URL, ws: true, changeOrigin: false }
  return {
    plugins: [
      sveltekit({
        adapter: adapter({ fallback: '200.html', precompress: true }),
        // A page opened offline at a deep link comes from the one shell: its addresses must not depend on the depth.
        paths: { relative: false },
        serviceWorker: { register: false },
        // The service worker asks for news; kit need not ask as well.
        version: { pollInterval: 0 },
        compilerOptions: { runes: true },
      }),
    ],
    server: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    preview: { proxy: { '/api': api, '/dev/mail': api, '/dev/mail.json': api } },
    test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
  }
})
