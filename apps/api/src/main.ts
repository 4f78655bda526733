import { parseArgs } from 'node:util'
import { createApp } from './app.ts'
import { closeDeps, createDeps } from './deps.ts'
import { controlPort, keepsSignIn, readEnv, SettingsError } from './env.ts'
import { createHealthServer } from './platform/http/health.ts'
import { startWorker } from './worker.ts'

type Stop = () => Promise<void>

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { role: { type: 'string', default: 'both' } } })
  if (!['http', 'worker', 'both'].includes(values.role)) throw new SettingsError('--role is http, worker or both')
  const env = readEnv()
  const deps = createDeps(env)
  const stops: Stop[] = []
  // Before the start, so that a signal in the middle of it stops what has been started.
  onSignals(async () => {
    deps.log.info('stopping')
    await Promise.all(stops.map((stop) => stop()))
    await closeDeps(deps)
  })
  if (values.role !== 'http') stops.push(startWorker([deps]))
  if (values.role === 'worker') {
    const http = createHealthServer(deps)
    stops.push(() => http.close())
    await http.listen({ host: env.HOST, port: env.PORT })
  } else {
    const app = await createApp(deps)
    stops.push(app.close)
    await app.http.listen({ host: env.HOST, port: env.PORT })
    await app.control.listen({ host: env.CONTROL_HOST, port: controlPort(env) })
  }
  if (!keepsSignIn(env))
    deps.log.warn(
      { url: env.PUBLIC_URL },
      'nobody can sign in: browsers keep no sign-in over plain http; PUBLIC_URL needs https',
    )
  deps.log.info({ role: values.role, port: env.PORT }, 'started')
}

/** The process ends after 20 s even if the stop hangs: it holds nothing that would be lost. */
function onSignals(stop: Stop): void {
  let stopping = false
  const once = () => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), 20_000).unref()
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', once)
  process.on('SIGINT', once)
}

try {
  await main()
} catch (error) {
  const isExpected =
    error instanceof SettingsError || (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
  console.error(isExpected && error instanceof Error ? error.message : error)
  process.exit(1)
}
