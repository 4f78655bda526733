import { pino, type Logger } from 'pino'

export type { Logger }

/** Whatever could open a door or name a person's words never reaches a log, wherever it hides in an object. */
const secrets = [
  'password',
  'current',
  'next',
  'token',
  'code',
  'cookie',
  'authorization',
  'body',
  'data',
  'secret',
  'link',
]

export function createLogger(level: string, part: string, destination?: NodeJS.WritableStream): Logger {
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const options = {
    level,
    base: { part },
    redact: { paths: [...paths, '*["set-cookie"]', '*.*["set-cookie"]'], censor: '[hidden]' },
  }
  return destination ? pino(options, destination) : pino(options)
}
