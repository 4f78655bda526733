import { parseArgs } from 'node:util'
import { Misuse, reason } from './trouble.ts'

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

/** The options and words of one command; what it does not know is refused with the way to its help. */
export function readArguments<T extends Options>(command: string, args: string[], options: T, words = 0) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true })
    if (parsed.positionals.length > words) throw new Error(`Unexpected word "${parsed.positionals[words]}"`)
    return parsed
  } catch (error) {
    throw new Misuse(`${reason(error).replace(/\.$/, '')}. "./veche ${command} --help" lists what it knows.`)
  }
}
