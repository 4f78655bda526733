import type { Settings } from '../env.ts'
import { nodeKey, turnSecret } from './keys.ts'
import type { NodeAddress } from './node-addresses.ts'

/** What the environments of the parts are made of. It holds secrets and must never be printed. */
export type PartSettings = {
  settings: Settings
  folder: string
  secret: string
  databaseUrl: string
  redisUrl: string
  /** Empty without a TURN server. */
  turnUrls: string
  mediaWorker: string | undefined
}

/** An attacker on a media node finds the key of that node and the metrics token, and no other secret of the installation. */
const forNodes = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
  'RELEASE',
  'LOG_LEVEL',
  'METRICS_TOKEN',
  'SFU_FULL_LOAD',
  'SFU_WORKER_MEMORY',
]

export function apiEnvironment({
  settings,
  folder,
  secret,
  databaseUrl,
  redisUrl,
  turnUrls,
}: PartSettings): NodeJS.ProcessEnv {
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

export function nodeEnvironment({ settings, secret, mediaWorker }: PartSettings, node: NodeAddress): NodeJS.ProcessEnv {
  const { sfu, controlHost, controlPort } = settings
  return {
    ...Object.fromEntries(forNodes.map((name) => [name, process.env[name]])),
    NODE_ENV: 'production',
    PUBLIC_URL: settings.publicUrl,
    SFU_NODE: node.name,
    SFU_KEY: nodeKey(secret, node.name),
    SFU_HOST: node.host,
    SFU_PORT: String(node.port),
    SFU_CONTROL_HOST: node.controlHost,
    SFU_CONTROL_PORT: String(node.controlPort),
    SFU_URL: sfu.url,
    SFU_WORKERS: String(node.workers),
    SFU_FULL_LOAD: sfu.fullLoad,
    SFU_WORKER_MEMORY: sfu.workerMemory,
    API_CONTROL_URL: process.env['API_CONTROL_URL'] || `https://${reachable(controlHost)}:${controlPort}`,
    MEDIA_HOST: sfu.mediaHost,
    MEDIA_PORT: String(node.mediaPort),
    ANNOUNCED_ADDRESS: sfu.announcedAddress,
    MEDIASOUP_WORKER_BIN: mediaWorker,
  }
}

/** A part that listens on all addresses is reached over loopback. */
export function reachable(host: string) {
  if (['0.0.0.0', '::'].includes(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
