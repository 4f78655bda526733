import { resolve } from 'node:path'
import { Trouble } from './trouble.ts'

/** What the command itself needs to know; each part validates its own settings (ops/README.md has the whole table). */
export type Settings = {
  dataFolder: string
  /** Whether VECHE_DATA names the folder, or it is our own `.veche`. */
  dataFolderChosen: boolean
  host: string
  port: number
  sfuHost: string
  sfuPort: number
  publicUrl: string
  databaseUrl: string | undefined
  redisUrl: string | undefined
  smtpUrl: string | undefined
}

export const checkout = resolve(import.meta.dirname, '../..')

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const problems: string[] = []
  const port = readPort(env, 'PORT', 8080, problems)
  const sfuPort = readPort(env, 'SFU_PORT', 8090, problems)
  if (port === sfuPort) problems.push(`PORT and SFU_PORT are both ${port}; they need two`)
  const publicUrl = (env['PUBLIC_URL'] || `http://localhost:${port}`).replace(/\/+$/, '')
  if (!isWebAddress(publicUrl))
    problems.push(`PUBLIC_URL is "${publicUrl}", and must be an address such as https://chat.example.org`)
  if (problems.length) throw new Trouble(`${problems.join('; ')}.`)
  return {
    dataFolder: resolve(env['VECHE_DATA'] || resolve(checkout, '.veche')),
    dataFolderChosen: Boolean(env['VECHE_DATA']),
    host: env['HOST'] || '0.0.0.0',
    port,
    sfuHost: env['SFU_HOST'] || '127.0.0.1',
    sfuPort,
    publicUrl,
    databaseUrl: env['DATABASE_URL'] || undefined,
    redisUrl: env['REDIS_URL'] || undefined,
    smtpUrl: env['SMTP_URL'] || undefined,
  }
}

function readPort(env: NodeJS.ProcessEnv, name: string, usual: number, problems: string[]) {
  const text = env[name] || String(usual)
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65535)
    problems.push(`${name} is "${text}", and must be a number from 1 to 65535`)
  return port
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
