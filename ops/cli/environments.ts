import type { Settings } from './env.ts'
import { nodeKey, turnSecret } from './node-key.ts'
import type { NodePlace } from './nodes.ts'

/** What one installation's parts are told; it must never be printed. */
export type Wiring = {
  settings: Settings
  folder: string
  secret: string
  databaseUrl: string
  redisUrl: string
  /** Empty without a TURN server. */
  turnUrls: string
  mediaWorker: string | undefined
}

/** Whoever breaks into a media node finds the key of that node and the token that opens figures, and nothing else of this installation. */
const forNodes = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_OPTIONS',
  'RELEASE',
  'LOG_LEVEL',
  'METRICS_TOKEN',
]

export function apiEnvironment({
  settings,
  folder,
  secret,
  databaseUrl,
  redisUrl,
  turnUrls,
}: Wiring): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: 'production',
    PUBLIC_URL: settings.publicUrl,
    VECHE_DATA: folder,
    PORT: String(settings.port),
    CONTROL_HOST: settings.controlHost,
    CONTROL_PORT: String(settings.controlPort),
    VECHE_SECRET: secret,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    TURN_SECRET: process.env['TURN_SECRET'] || turnSecret(secret),
    TURN_URLS: settings.turn.urls ?? turnUrls,
  }
}

export function nodeEnvironment({ settings, secret, mediaWorker }: Wiring, place: NodePlace): NodeJS.ProcessEnv {
  const { sfu, controlHost, controlPort } = settings
  return {
    ...Object.fromEntries(forNodes.map((name) => [name, process.env[name]])),
    NODE_ENV: 'production',
    PUBLIC_URL: settings.publicUrl,
    SFU_NODE: place.name,
    SFU_KEY: nodeKey(secret, place.name),
    SFU_HOST: place.host,
    SFU_PORT: String(place.port),
    SFU_CONTROL_HOST: place.controlHost,
    SFU_CONTROL_PORT: String(place.controlPort),
    SFU_URL: sfu.url,
    SFU_WORKERS: String(place.workers),
    API_CONTROL_URL: process.env['API_CONTROL_URL'] || `https://${reachable(controlHost)}:${controlPort}`,
    MEDIA_HOST: sfu.mediaHost,
    MEDIA_PORT: String(place.mediaPort),
    ANNOUNCED_ADDRESS: sfu.announcedAddress,
    MEDIASOUP_WORKER_BIN: mediaWorker,
  }
}

/** Who listens everywhere is asked here. */
export function reachable(host: string) {
  if (['0.0.0.0', '::'].includes(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
