import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build } from 'vite'

/** The engine of a call as a page of its own. */
const out = process.argv[2] ?? ''
await build({
  configFile: false,
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  build: {
    outDir: out,
    emptyOutDir: true,
    minify: false,
    lib: { entry: 'page.ts', formats: ['es'], fileName: 'page' },
  },
})
writeFileSync(
  join(out, 'index.html'),
  '<!doctype html><title>Rig</title><script type="module" src="/page.js"></script>',
)
