import { pino, type Logger } from 'pino'

export type { Logger }

/** Names of fields that never reach the log, up to two levels deep: they hold secrets, or what people wrote. */
const secrets = [
  'password',
  'current',
  'next',
  'token',
  'cookie',
  'authorization',
  'body',
  'data',
  'secret',
  'link',
  'ticket',
  'credential',
]

export function createLogger(level: string, part: string, destination?: NodeJS.WritableStream): Logger {
  // Codes that were mailed. `err.code` must stay: an operator looks for it.
  const mailed = ['code', 'input.code', 'data.code', 'letter.code', 'body.code']
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const options = {
    level,
    base: { part },
    redact: { paths: [...paths, ...mailed, '*["set-cookie"]', '*.*["set-cookie"]'], censor: '[hidden]' },
  }
  return destination ? pino(options, destination) : pino(options)
}
