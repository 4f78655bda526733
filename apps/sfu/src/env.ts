import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { nodeId } from '@veche/shared/schemas/fields'
import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)
const address = z.string().regex(/^[\w.:-]{1,253}$/)

/** Every setting of an SFU node; ops/README.md has the same table for operators. */
export const settings = z.object({
  /** The name of this node. Its key is derived for this name. */
  SFU_NODE: nodeId.default(nodeId.parse('sfu-0')),
  /** The key of this node, 64 hex digits, derived from VECHE_SECRET. */
  SFU_KEY: z.string().regex(/^[0-9a-f]{64}$/i, 'is the 64 hex digits that ./veche node-key prints'),
  /** For signalling, health and metrics. */
  SFU_HOST: z.string().default('127.0.0.1'),
  SFU_PORT: port.default(8090),
  /** For calls of the API. */
  SFU_CONTROL_HOST: z.string().default('127.0.0.1'),
  SFU_CONTROL_PORT: port.optional(),
  /** Where heartbeats go. Several URLs, separated by commas, are tried in turn. */
  API_CONTROL_URL: z
    .string()
    .default('https://127.0.0.1:8081')
    .transform((list) => list.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https$/ })).min(1)),
  /** Where browsers reach the signalling, if not at the address of the installation. */
  SFU_URL: z.url({ protocol: /^wss?$/ }).optional(),
  /** For media over UDP and TCP: worker 0 has this port, worker 1 the next. */
  MEDIA_HOST: z.string().refine(isIP, 'is an IP address of this machine').default('0.0.0.0'),
  MEDIA_PORT: port.default(40_000),
  /** The public address of a machine behind NAT. Browsers get it besides the machine's own addresses. */
  ANNOUNCED_ADDRESS: address.optional(),
  SFU_WORKERS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  /** A worker gets no new rooms when it uses this share of its core. */
  SFU_FULL_LOAD: z.coerce.number().min(0).max(1).default(0.7),
  /** Megabytes: a worker that has had more is killed, and its rooms begin anew. */
  SFU_WORKER_MEMORY: z.coerce.number().int().min(64).max(1_000_000).default(2_048),
  MEDIASOUP_WORKER_BIN: z.string().optional(),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:8080')
    .transform((url) => new URL(url).origin),
  METRICS_TOKEN: z.string().min(16).optional(),
  RELEASE: z.string().max(64).default('0.1.0'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

export type Env = z.output<typeof settings>

/** Names every wrong setting at once. */
export class SettingsError extends Error {}

export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  // Compose files and unit files write a setting that is not set as an empty one.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const read = settings.safeParse(given)
  if (read.success) return read.data
  const problems = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new SettingsError(`These settings are missing or wrong:\n${problems.join('\n')}`)
}

/** By default the port after the signalling port. */
export function controlPort(env: Env): number {
  return env.SFU_CONTROL_PORT ?? (env.SFU_PORT === 0 ? 0 : env.SFU_PORT + 1)
}
