import { z } from 'zod'

/** Every setting of an SFU node; ops/README.md has the same table for operators. */
export const settings = z.object({
  SFU_HOST: z.string().default('127.0.0.1'),
  SFU_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

export type Env = z.output<typeof settings>

/** All problems at once, each with the name of its setting. */
export class SettingsError extends Error {}

export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  // An empty setting is one that is not set: compose files and unit files write them so.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const read = settings.safeParse(given)
  if (read.success) return read.data
  const problems = read.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new SettingsError(`These settings are missing or wrong:\n${problems.join('\n')}`)
}
