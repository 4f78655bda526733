import { setLogEventListeners } from 'mediasoup'
import { pino, type Logger } from 'pino'
import { systemClock } from './clock.ts'
import type { Deps } from './deps.ts'
import { readEnv, SettingsError } from './env.ts'
import { openHouse } from './running-node.ts'
import { createMetrics } from './metrics.ts'

type Stop = () => Promise<void>

async function main(): Promise<void> {
  const env = readEnv()
  const log = pino({ level: env.LOG_LEVEL, base: { part: 'sfu', node: env.SFU_NODE } })
  const deps: Deps = { env, log, metrics: createMetrics(), clock: systemClock }
  onFailures(deps)
  setLogEventListeners({ onerror: (where, what, error) => log.error({ err: error, where }, what) })
  let stop: Stop = () => Promise.resolve()
  // Before the media workers start: their library ends them on the same signals, and everybody in a call is to be told first.
  onSignals(log, () => stop())
  const house = await openHouse(deps)
  stop = house.close
  log.info({ ports: house.ports, boot: house.node.boot }, 'started')
}

/** A stop that hangs is worse than one that is rude: after 10 s the process ends anyway. */
function onSignals(log: Logger, stop: Stop): void {
  let stopping = false
  const once = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    setTimeout(() => process.exit(1), 10_000).unref()
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', once).on('SIGINT', once)
}

/**
 * A failure that nobody waited for is a bug, and belongs to one peer: a hundred others go on. After an exception that nobody caught
 * nothing is certain any more: the node ends with its cause in the log, and its calls go on at another.
 */
function onFailures({ log, metrics }: Deps): void {
  process.on('unhandledRejection', (error) => {
    metrics.rejections.inc()
    log.error({ err: error }, 'a failure that nobody waited for')
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an exception that nobody caught')
    process.exit(1)
  })
}

try {
  await main()
} catch (error) {
  const said =
    error instanceof SettingsError || (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
  console.error(said && error instanceof Error ? error.message : error)
  process.exit(1)
}
