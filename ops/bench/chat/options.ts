import { resolve } from 'node:path'
import { readArguments } from '../../cli/arguments.ts'
import { UsageError } from '../../cli/errors.ts'

export const chatParts = ['disk', 'delivery', 'sends', 'sync', 'reads', 'reconnect', 'memory'] as const
export const sharedParts = ['delivery', 'one', 'fifty'] as const
export const otherServers = ['ejabberd', 'prosody'] as const

export type ChatPart = (typeof chatParts)[number]
export type SharedPart = (typeof sharedParts)[number]
export type OtherServer = (typeof otherServers)[number]

type CommonOptions = {
  rounds: number
  /** How long a part measures; each part has a length of its own when nothing is said. */
  seconds?: number
  /** The folder for CPU profiles of the API. */
  profile?: string
  json: boolean
}

/** With servers beside it, Veche gets the same work as they do, and the parts are others. */
export type ChatOptions =
  | (CommonOptions & { beside: undefined; only: ChatPart[]; apis: number })
  | (CommonOptions & { beside: OtherServer[]; only: SharedPart[] })

export function readChatOptions(args: string[]): ChatOptions {
  const { values } = readArguments('bench chat', args, {
    only: { type: 'string' },
    beside: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    apis: { type: 'string' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const common: CommonOptions = {
    rounds: wholeNumber('--rounds', values.rounds),
    json: values.json,
    ...(values.seconds === undefined ? {} : { seconds: wholeNumber('--seconds', values.seconds) }),
    ...(values.profile === undefined ? {} : { profile: resolve(values.profile) }),
  }
  if (values.beside === undefined) {
    const apis = wholeNumber('--apis', values.apis ?? '1')
    return { ...common, beside: undefined, apis, only: chosen('part', chatParts, values.only) }
  }
  if (values.apis !== undefined)
    throw new UsageError('--apis and --beside exclude each other: each server is one process.')
  const beside = chosen('server to measure beside', otherServers, values.beside)
  return { ...common, beside, only: chosen('part to measure beside others', sharedParts, values.only) }
}

/** All of them in their own order when none is named. */
function chosen<T extends string>(what: string, known: readonly T[], list: string | undefined): T[] {
  if (list === undefined) return [...known]
  const names = [...new Set(list.split(','))]
  return names.map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new UsageError(`There is no ${what} "${name}"; there is: ${known.join(', ')}.`)
    return found
  })
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number from 1, not "${text}".`)
  return value
}
