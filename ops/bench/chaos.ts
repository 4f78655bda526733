import { readArguments } from '../cli/arguments.ts'
import { CommandError } from '../cli/errors.ts'
import { describe } from './chaos/record/report.ts'
import { runStorm, type StormOptions } from './chaos/storm.ts'

export const usage = `
./veche bench chaos [--messages 5000] [--per-second 40] [--people 20] [--chats 10] [--apis 3] [--pace 1] [--seconds 600] [--seed N]

An installation of its own is killed part by part while people write: API processes, worker, Redis, Postgres, sockets, answers, tabs.
Afterwards nothing may be lost, doubled, out of order or shown to the wrong person. Ends with 1 and the name of the rule that was broken.
`

const options = {
  messages: { type: 'string', default: '5000' },
  'per-second': { type: 'string', default: '40' },
  people: { type: 'string', default: '20' },
  chats: { type: 'string', default: '10' },
  apis: { type: 'string', default: '3' },
  pace: { type: 'string', default: '1' },
  seconds: { type: 'string', default: '600' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
} as const

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const storm = await runStorm(read(args))
    console.log(`\n${describe(storm)}`)
    return storm.violations.length === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}

function read(args: string[]): StormOptions {
  const { values } = readArguments('bench chaos', args, options)
  const number = (name: keyof typeof values) => {
    const value = Number(values[name])
    if (!(value > 0)) throw new CommandError(`--${name} is "${values[name]}", and must be a number above 0.`)
    return value
  }
  return {
    seed: number('seed'),
    messages: number('messages'),
    perSecond: number('per-second'),
    people: Math.max(4, number('people')),
    chats: Math.max(4, number('chats')),
    apis: number('apis'),
    pace: number('pace'),
    seconds: number('seconds'),
    say: (sentence) => console.log(sentence),
  }
}
