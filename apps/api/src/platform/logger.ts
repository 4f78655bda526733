import { pino, type Logger } from 'pino'

export type { Logger }

/** Whatever could open a door or name a person's words never reaches a log, wherever it hides in an object. */
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
  // A code that was mailed; `err.code` on the other hand is what an operator looks for.
  const mailed = ['code', 'input.code', 'data.code', 'letter.code', 'body.code']
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
  const options = {
    level,
    base: { part },
    redact: { paths: [...paths, ...mailed, '*["set-cookie"]', '*.*["set-cookie"]'], censor: '[hidden]' },
  }
  return destination ? pino(options, destination) : pino(options)
}
