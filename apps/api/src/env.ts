import { fileURLToPath } from 'node:url'
import proxyAddr from '@fastify/proxy-addr'
import { z } from 'zod'

/**
 * A device that was offline for longer is signed out and starts from nothing. So every device has been told the end of what a client may
 * hold before its row is deleted.
 */
const offlineDays = 100

/** Every setting of the API and its worker; ops/README.md has the same table for operators. */
export const settings = z.object({
  DATABASE_URL: z.string().min(1, 'says where Postgres is'),
  REDIS_URL: z.string().min(1, 'says where Redis is: redis://… or the path of a socket'),
  REDIS_PREFIX: z.string().min(1).max(64).default('veche'),
  /** Organisations share processes, Redis and the queue; each has a database of its own. */
  ORGANISATION: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, 'is small letters, digits and hyphens')
    .default('main'),
  VECHE_SECRET: z.string().min(32, 'must be at least 32 characters; ./veche up makes one'),
  /** Set while keys and tickets of an older secret are still in use. */
  VECHE_SECRET_PREVIOUS: z.string().min(32, 'must be at least 32 characters').optional(),
  VECHE_DATA: z.string().min(1, 'says where mail that is caught and files are kept'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:8080')
    .transform((url) => new URL(url).origin),
  /** The folder of the built web app. */
  WEB_BUILD: z.string().default(fileURLToPath(new URL('../../web/build', import.meta.url))),
  HOST: z.string().default('0.0.0.0'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Where media nodes report to; the port after PORT if it is not set. */
  CONTROL_HOST: z.string().default('127.0.0.1'),
  CONTROL_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** Signalling addresses of media nodes that browsers reach directly: our pages may connect to no others. */
  SFU_ORIGINS: listed(z.url({ protocol: /^wss?$/ }).transform((url) => new URL(url).origin)),
  TURN_SECRET: z.string().min(16).optional(),
  TURN_URLS: listed(z.string().regex(/^turns?:[^\s,]+$/, 'is turn:host:port or turns:host:port')),
  SERVER_NAME: z.string().min(1).max(64).default('Veche'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).optional(),
  TRUSTED_PROXIES: listed(z.string()).refine(areProxies, 'names addresses or networks, separated by commas'),
  METRICS_TOKEN: z.string().min(16).optional(),
  /**
   * Connections for work. Each of the worker's five timers holds one while it works with another. A process takes up to 17 more:
   * 5 for polls and sessions, 4 for live streams, and 8 for sends.
   */
  DATABASE_POOL: z.coerce.number().int().min(8).max(200).default(20),
  /** Of one file, and of all files of one person. */
  FILE_MAX_BYTES: z.coerce.number().int().min(1).default(2_000_000_000),
  PERSON_MAX_BYTES: z.coerce.number().int().min(1).default(10_000_000_000),
  /** Of all files together: a part of the disk, and a number of bytes, on whatever they are kept. */
  FILES_DISK_SHARE_PERCENT: z.coerce.number().min(1).max(100).default(80),
  FILES_MAX_BYTES: z.coerce.number().int().min(1).optional(),
  /** Uploads stop when less of the disk is free. */
  FILES_DISK_RESERVE_PERCENT: z.coerce.number().min(0).max(90).default(5),
  /** Contents are kept in this bucket instead of on the disk. All five settings, or none. */
  S3_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .transform((url) => new URL(url).origin)
    .optional(),
  S3_REGION: z.string().min(1).optional(),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is the name of a bucket')
    .optional(),
  S3_ACCESS_KEY: z.string().min(1).optional(),
  S3_SECRET_KEY: z.string().min(1).optional(),
  /** Before all keys, when installations share a bucket. */
  S3_PREFIX: z
    .string()
    .regex(/^([a-zA-Z0-9._-]+\/)*$/, 'is letters, digits and .-_ with a slash at the end')
    .optional(),
  /** Where the name of the bucket stands in an address. */
  S3_ADDRESSING: z.enum(['path', 'host']).default('path'),
  /** Downloads lead to an address that is signed, and opens for whoever has it for up to a minute. */
  FILES_SIGNED_URLS: z
    .enum(['off', 'on'])
    .default('off')
    .transform((word) => word === 'on'),
  KEEP_MEETINGS_DAYS: days(365, offlineDays),
  KEEP_SEATS_DAYS: days(365, offlineDays),
  KEEP_ATTENDANCES_DAYS: days(365, 1),
  KEEP_INVITATIONS_DAYS: days(90, 1),
  KEEP_GIVEN_UP_DAYS: days(90, 1),
  KEEP_EMPTIED_GROUPS_DAYS: days(100, offlineDays),
  /** Clients compare it with their own to learn that a new version of the app is out. */
  RELEASE: z.string().max(64).default('0.1.0'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

export type Env = z.output<typeof settings>

const s3Names = ['S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'] as const
/** S3 takes 10,000 parts, which may be as small as 5 MiB after breaks. */
const maxBytesInS3 = 10_000 * 5 * 1024 * 1024

/** Names all wrong settings at once. */
export class SettingsError extends Error {}

export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  // Compose files and unit files write a setting that is not set as an empty one.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const read = settings.safeParse(given)
  const problems = read.success
    ? s3Problems(read.data)
    : read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  if (read.success && problems.length === 0) return read.data
  throw new SettingsError(`These settings are missing or wrong:\n${problems.join('\n')}`)
}

function s3Problems(env: Env): string[] {
  const missing = s3Names.filter((name) => env[name] === undefined)
  if (missing.length === s3Names.length) return []
  const problems = missing.map((name) => `  ${name}: is missing, and other settings of S3 are there`)
  if (env.FILE_MAX_BYTES > maxBytesInS3) problems.push(`  FILE_MAX_BYTES: is at most ${maxBytesInS3} with S3`)
  return problems
}

export type S3Settings = {
  endpoint: string
  region: string
  bucket: string
  accessKey: string
  secretKey: string
  prefix: string
  addressing: 'path' | 'host'
}

/** Null when contents are kept on the disk. Organisations share a bucket as they share Redis. */
export function s3Settings(env: Env): S3Settings | null {
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_BUCKET: bucket } = env
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = env
  if (!endpoint || !region || !bucket || !accessKey || !secretKey) return null
  const prefix = `${env.S3_PREFIX ?? ''}${env.ORGANISATION}/`
  return { endpoint, region, bucket, accessKey, secretKey, prefix, addressing: env.S3_ADDRESSING }
}

/** How long something is kept after its end; 0 is for ever. */
function days(usual: number, least: number) {
  const isAllowed = (count: number) => count === 0 || count >= least
  const given = z.coerce.number().int().min(0).max(36_500)
  return given.refine(isAllowed, `is 0, for ever, or at least ${least}`).default(usual)
}

function listed<T extends z.ZodType<string, string>>(entry: T) {
  return z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((text) => text.trim())
        .filter(Boolean),
    )
    .pipe(z.array(entry))
}

/** The bucket itself, as the beginning of the addresses of its objects. */
export function bucketUrl({ endpoint, bucket, addressing }: S3Settings): URL {
  const url = new URL(endpoint)
  if (addressing === 'path') url.pathname = `/${bucket}`
  else url.hostname = `${bucket}.${url.hostname}`
  return url
}

/** Where downloads lead to outside of this server, if they do. */
export function foreignFilesOrigin(env: Env): string | null {
  const settings = s3Settings(env)
  return settings && env.FILES_SIGNED_URLS ? bucketUrl(settings).origin : null
}

/** The beginning of all keys that an organisation has in Redis for itself. The queue is shared, and each nudge says whose it is. */
export function ownRedisPrefix({ REDIS_PREFIX, ORGANISATION }: Env): string {
  return `${REDIS_PREFIX}:${ORGANISATION}`
}

export function controlPort(env: Env): number {
  return env.CONTROL_PORT ?? (env.PORT === 0 ? 0 : env.PORT + 1)
}

function areProxies(list: string[]): boolean {
  try {
    proxyAddr.compile(list)
    return true
  } catch {
    return false
  }
}

export function isLocal(env: Env): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(env.PUBLIC_URL).hostname)
}

/** Browsers keep the session cookie over https and on localhost only. */
export function keepsSignIn(env: Env): boolean {
  return env.PUBLIC_URL.startsWith('https:') || isLocal(env)
}
