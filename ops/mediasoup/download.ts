import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../cli/steps.ts'
import { mediasoupFolder } from './package.ts'

const firstByteTimeoutMs = 6_000
const lastByteTimeoutMs = 120_000

/**
 * Fetches the official binary with the package's own script, which knows its address and checks that it runs here. The script works in
 * its current folder, so it gets an empty one. `PYTHON` is a program that fails at once: otherwise the script would build the worker
 * when there is nothing to fetch.
 */
export async function download(draft: string): Promise<string | undefined> {
  if (process.env['MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD']) return undefined
  const folder = join(draft, 'official')
  const fetched = join(folder, 'worker/out/Release/mediasoup-worker')
  layOut(folder)
  const start = Date.now()
  const cannotSucceed = () => Date.now() - start > (existsSync(fetched) ? lastByteTimeoutMs : firstByteTimeoutMs)
  console.log('→ Fetching the media worker')
  try {
    await run(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
      cwd: folder,
      log: join(dirname(draft), 'fetch.log'),
      env: { PYTHON: 'false' },
      goal: 'Fetching the media worker',
      cannotSucceed,
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
