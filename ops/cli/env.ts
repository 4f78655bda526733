import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { CommandError } from './errors.ts'

/** What the command itself needs to know; each part validates its own settings (ops/README.md has the whole table). */
export type Settings = {
  dataFolder: string
  /** True when VECHE_DATA names the folder; otherwise it is `.veche` in the checkout. */
  dataFolderChosen: boolean
  host: string
  port: number
  controlHost: string
  controlPort: number
  sfu: SfuSettings
  turn: TurnSettings
  publicUrl: string
  databaseUrl: string | undefined
  redisUrl: string | undefined
  smtpUrl: string | undefined
}

/** The settings of the first media node; each further node takes the next block of ports. */
export type SfuSettings = {
  host: string
  port: number
  controlHost: string
  controlPort: number
  url: string | undefined
  mediaHost: string
  mediaPort: number
  workers: number
  announcedAddress: string | undefined
  /** The node itself reads these. */
  fullLoad: string | undefined
  workerMemory: string | undefined
}

export type TurnSettings = {
  port: number
  relayPorts: [number, number]
  /** A TURN server outside this installation. */
  urls: string | undefined
}

/** Settings that only this command reads; the parts do not know them. */
export const ownSettings = ['TURN_PORT', 'TURN_RELAY_PORTS']

export const checkout = resolve(import.meta.dirname, '../..')

/** An unpacked release brings everything built; a checkout builds it. */
export const isRelease = existsSync(resolve(checkout, 'release.json'))

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const problems: string[] = []
  const port = readPort(env, 'PORT', 8080, problems)
  const publicUrl = (env['PUBLIC_URL'] || `http://localhost:${port}`).replace(/\/+$/, '')
  const settings = {
    dataFolder: resolve(env['VECHE_DATA'] || resolve(checkout, '.veche')),
    dataFolderChosen: Boolean(env['VECHE_DATA']),
    host: env['HOST'] || '0.0.0.0',
    port,
    controlHost: env['CONTROL_HOST'] || '127.0.0.1',
    controlPort: readPort(env, 'CONTROL_PORT', port + 1, problems),
    sfu: readSfu(env, problems),
    turn: readTurn(env, problems),
    publicUrl,
    databaseUrl: env['DATABASE_URL'] || undefined,
    redisUrl: env['REDIS_URL'] || undefined,
    smtpUrl: env['SMTP_URL'] || undefined,
  }
  if (!isWebAddress(publicUrl))
    problems.push(`PUBLIC_URL is "${publicUrl}", and must be an address such as https://chat.example.org`)
  if (problems.length) throw new CommandError(`${problems.join('; ')}.`)
  return settings
}

function readSfu(env: NodeJS.ProcessEnv, problems: string[]): SfuSettings {
  const port = readPort(env, 'SFU_PORT', 8090, problems)
  const mediaHost = env['MEDIA_HOST'] || '0.0.0.0'
  if (!isIP(mediaHost)) problems.push(`MEDIA_HOST is "${mediaHost}", and must be an IP address of this machine`)
  const workers = Number(env['SFU_WORKERS'] || availableParallelism())
  if (!Number.isInteger(workers) || workers < 1 || workers > 256)
    problems.push(`SFU_WORKERS is "${env['SFU_WORKERS']}", and must be a number from 1 to 256`)
  return {
    host: env['SFU_HOST'] || '127.0.0.1',
    port,
    controlHost: env['SFU_CONTROL_HOST'] || '127.0.0.1',
    controlPort: readPort(env, 'SFU_CONTROL_PORT', port + 1, problems),
    url: env['SFU_URL'] || undefined,
    mediaHost,
    mediaPort: readPort(env, 'MEDIA_PORT', 40_000, problems),
    workers,
    announcedAddress: env['ANNOUNCED_ADDRESS'] || undefined,
    fullLoad: env['SFU_FULL_LOAD'] || undefined,
    workerMemory: env['SFU_WORKER_MEMORY'] || undefined,
  }
}

function readTurn(env: NodeJS.ProcessEnv, problems: string[]): TurnSettings {
  const text = env['TURN_RELAY_PORTS'] || '49160-49559'
  const [from = 0, to = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).slice(1).map(Number)
  if (!(from > 1023 && to > from && to < 65_536))
    problems.push(`TURN_RELAY_PORTS is "${text}", and must be two ports from 1024 on, such as 49160-49559`)
  return {
    port: readPort(env, 'TURN_PORT', 3478, problems),
    relayPorts: [from, to],
    urls: env['TURN_URLS'] || undefined,
  }
}

function readPort(env: NodeJS.ProcessEnv, name: string, usual: number, problems: string[]) {
  const text = env[name] || String(usual)
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port
  problems.push(`${name} is "${text}", and must be a number from 1 to 65535`)
  return usual
}

function isWebAddress(text: string) {
  const url = URL.parse(text)
  return Boolean(
    url &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.pathname === '/' &&
    !url.search &&
    !url.hash &&
    !url.username,
  )
}
