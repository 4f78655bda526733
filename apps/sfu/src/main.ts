import { setLogEventListeners } from 'mediasoup'
import { pino, type Logger } from 'pino'
import { systemClock } from './clock.ts'
import type { Deps } from './deps.ts'
import { readEnv, SettingsError } from './env.ts'
import { startNode } from './running-node.ts'
import { createMetrics } from './metrics.ts'

type Stop = () => Promise<void>

async function main(): Promise<void> {
  const env = readEnv()
  const log = pino({ level: env.LOG_LEVEL, base: { part: 'sfu', node: env.SFU_NODE } })
  const deps: Deps = { env, log, metrics: createMetrics(), clock: systemClock }
  onFailures(deps)
  setLogEventListeners({ onerror: (where, what, error) => log.error({ err: error, where }, what) })
  let stop: Stop = () => Promise.resolve()
  // Set before the media workers start: mediasoup ends them on the same signals, but clients must be told first.
  onSignals(log, () => stop())
  const running = await startNode(deps)
  stop = running.close
  log.info({ ports: running.ports, boot: running.node.boot }, 'started')
}

/** If the stop hangs, the process exits after 10 s anyway. */
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
 * An unhandled rejection is a bug that concerns one peer, so the node goes on for the others. After an uncaught exception the state is
 * unknown: the node logs the cause and exits, and its calls go on at another node.
 */
function onFailures({ log, metrics }: Deps): void {
  process.on('unhandledRejection', (error) => {
    metrics.rejections.inc()
    log.error({ err: error }, 'an unhandled rejection')
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an uncaught exception')
    process.exit(1)
  })
}

try {
  await main()
} catch (error) {
  const isOperatorError =
    error instanceof SettingsError || (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
  console.error(isOperatorError && error instanceof Error ? error.message : error)
  process.exit(1)
}
