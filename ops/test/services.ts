import { chmodSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../cli/child.ts'
import { findMediaWorker } from '../cli/machine/media-worker.ts'
import { startPostgres } from '../cli/parts/postgres.ts'
import { startRedis } from '../cli/parts/redis.ts'

/**
 * Vitest's `globalSetup` for every package with a database: `./veche test` starts the services once and names them
 * in the environment; a `vitest` that is run by hand starts its own here. Tests read
 * TEST_DATABASE_URL (a superuser on the database "postgres") and TEST_REDIS_URL (for `new Redis(url)`), and mediasoup
 * reads MEDIASOUP_WORKER_BIN, which `./veche test` has made.
 */
export default async function setup() {
  process.env['MEDIASOUP_WORKER_BIN'] ||= findMediaWorker() ?? ''
  if (process.env['TEST_DATABASE_URL'] && process.env['TEST_REDIS_URL']) return undefined
  const services = await startTestServices()
  Object.assign(process.env, services.env)
  return services.stop
}

export async function startTestServices() {
  const parent = roomyMemory() ?? tmpdir()
  removeForgotten(parent)
  const folder = mkdtempSync(join(parent, `veche-test-${process.pid}-`))
  chmodSync(folder, 0o711)
  const log = openSync(join(folder, 'services.log'), 'a')
  const [postgres, redis] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres'), fsync: false, maxConnections: 300, log }),
    startRedis({ dir: join(folder, 'redis'), persistent: false, log }),
  ])
  const stop = async () => {
    await Promise.all([postgres.stop(), redis.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
  return { env: { TEST_DATABASE_URL: postgres.adminUrl, TEST_REDIS_URL: redis.url }, stop }
}

/** Removes the folders of killed runs; their services ended with them. */
function removeForgotten(parent: string) {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^veche-test-(\d+)-/.exec(name)?.[1])
    if (pid && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true })
  }
}

/** Shared memory is the fastest disk, where it has a gigabyte; containers often have 64 MB. */
function roomyMemory() {
  if (!existsSync('/dev/shm')) return undefined
  const { bavail, bsize } = statfsSync('/dev/shm')
  return bavail * bsize > 1_000_000_000 ? '/dev/shm' : undefined
}
