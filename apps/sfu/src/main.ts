import { pino, type Logger } from 'pino'
import { createApp } from './app.ts'
import { readEnv, SettingsError } from './env.ts'

async function main(): Promise<void> {
  const env = readEnv()
  const log = pino({ level: env.LOG_LEVEL, base: { part: 'sfu' } })
  const http = createApp()
  onSignals(log, () => http.close())
  await http.listen({ host: env.SFU_HOST, port: env.SFU_PORT })
  log.info({ port: env.SFU_PORT }, 'started')
}

/** A stop that hangs is worse than one that is rude: after 10 s the process ends anyway. */
function onSignals(log: Logger, stop: () => Promise<void>): void {
  const once = () => {
    process.removeListener('SIGTERM', once).removeListener('SIGINT', once)
    log.info('stopping')
    setTimeout(() => process.exit(1), 10_000).unref()
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', once).on('SIGINT', once)
}

try {
  await main()
} catch (error) {
  const said =
    error instanceof SettingsError || (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
  console.error(said && error instanceof Error ? error.message : error)
  process.exit(1)
}
