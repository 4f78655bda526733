import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { Env } from './env.ts'
import type { Metrics } from './metrics.ts'

/** What every part of the node gets. */
export type Deps = { env: Env; log: Logger; metrics: Metrics; clock: Clock }
