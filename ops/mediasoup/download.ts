import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../cli/steps.ts'
import { mediasoupFolder } from './package.ts'

const firstByte = 6_000
const lastByte = 120_000

/**
 * Fetches the official binary with the package's own script, which knows its address and tries whether it runs here. The
 * script works in its current folder, so it gets an empty one; a Python that does nothing keeps it from
 * building the worker when there is nothing to fetch.
 */
export async function download(draft: string): Promise<string | undefined> {
  if (process.env['MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD']) return undefined
  const folder = join(draft, 'official')
  const fetched = join(folder, 'worker/out/Release/mediasoup-worker')
  layOut(folder)
  const start = Date.now()
  const hopeless = () => Date.now() - start > (existsSync(fetched) ? lastByte : firstByte)
  console.log('→ Fetching the media worker')
  try {
    await run(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
      cwd: folder,
      log: join(dirname(draft), 'fetch.log'),
      env: { PYTHON: 'false' },
      goal: 'Fetching the media worker',
      hopeless,
    })
  } catch {
    console.log('  it cannot be had here')
    return undefined
  }
  return existsSync(fetched) ? fetched : undefined
}

function layOut(folder: string) {
  const installed = mediasoupFolder()
  mkdirSync(folder)
  for (const name of ['npm-scripts.mjs', 'package.json']) copyFileSync(join(installed, name), join(folder, name))
  symlinkSync(dirname(installed), join(folder, 'node_modules'))
}
