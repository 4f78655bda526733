import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { checkout } from '../env.ts'
import { prepare } from '../machine/prepare.ts'
import { ensureChromium, ensureMediaTools, ensureRedis } from '../machine/system-packages.ts'
import { UsageError } from '../errors.ts'

export const usage = `
./veche bench <name> [options]

Measures, and prints the figures with the machine and the method. What follows the name goes to the benchmark.
`

const folder = join(checkout, 'ops/bench')
/** These benchmarks hold calls in real browsers over media nodes. */
const withCalls = ['join', 'recovery']
const withBrowser = [...withCalls, 'device']

export async function run([name, ...args]: string[]): Promise<number> {
  if (!name || !benches().includes(name))
    throw new UsageError(
      `There is no benchmark ${name ? `"${name}"` : 'without a name'}; there is: ${benches().join(', ') || 'none yet'}.`,
    )
  await ensureRedis()
  if (withBrowser.includes(name)) await ensureChromium()
  if (name === 'previews') await ensureMediaTools()
  const { mediaWorker } = await prepare({ web: true, media: withCalls.includes(name) })
  const child = startChild(process.execPath, [join(folder, `${name}.ts`), ...args], {
    cwd: checkout,
    stdio: 'inherit',
    env: { ...process.env, ...(mediaWorker ? { MEDIASOUP_WORKER_BIN: mediaWorker } : {}) },
    orphanSignal: 'TERM',
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void child.stop([signal], 20_000))
  return (await child.exited) === 'exit code 0' ? 0 : 1
}

function benches() {
  const files = existsSync(folder) ? readdirSync(folder) : []
  return files.filter((file) => /^[a-z-]+\.ts$/.test(file)).map((file) => file.slice(0, -3))
}
