import { parseArgs } from 'node:util'
import { UsageError, reason } from './errors.ts'

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/** Reads the options and positional words of a command. Unknown ones are refused with a pointer to the help. */
export function readArguments<T extends Options>(command: string, args: string[], options: T, words = 0) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true })
    if (parsed.positionals.length > words) throw new Error(`Unexpected word "${parsed.positionals[words]}"`)
    return parsed
  } catch (error) {
    throw new UsageError(`${reason(error).replace(/\.$/, '')}. "./veche ${command} --help" lists what it knows.`)
  }
}
