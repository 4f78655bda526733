import { setTimeout as wait } from 'node:timers/promises'
import { readArguments } from '../cli/arguments.ts'
import { CommandError } from '../cli/errors.ts'
import { measureDelivery } from './chat/delivery.ts'
import { measureDisk } from './chat/disk.ts'
import { measureFirstSync } from './chat/first-sync.ts'
import { measureMemory } from './chat/memory.ts'
import { measureReads } from './chat/reads.ts'
import { measureReconnect } from './chat/reconnect.ts'
import { measureSends } from './chat/sends.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'
import { BenchInstallation } from './installation/BenchInstallation.ts'

export const usage = `
./veche bench chat [--only disk,delivery,sends,sync,reads,reconnect,memory] [--rounds 3] [--seconds 20] [--apis 1] [--json]

Measures the chat over real sockets on an installation of its own, with every message flushed to disk before it is acknowledged.
`

const longest = 900_000

type Options = { rounds: number; seconds: number; apis: number }

const onInstallation =
  (measure: (installation: BenchInstallation, options: Options) => Promise<Figure[]> | Figure[]) =>
  async (options: Options) => {
    const installation = await BenchInstallation.open({ apis: options.apis, worker: false })
    try {
      return await measure(installation, options)
    } catch (error) {
      console.error(installation.lastLines)
      throw error
    } finally {
      await installation.close()
    }
  }

const parts: Record<string, (options: Options) => Promise<Figure[]>> = {
  disk: onInstallation((installation) => measureDisk(installation.folder)),
  delivery: onInstallation((installation, given) =>
    measureDelivery(installation, { ...given, members: 200, perSecond: 20 }),
  ),
  sends: onInstallation((installation, given) => measureSends(installation, { ...given, lines: 64 })),
  sync: onInstallation((installation, given) =>
    measureFirstSync(installation, { ...given, chats: 1_000, messagesEach: 60 }),
  ),
  reads: onInstallation((installation, given) =>
    measureReads(installation, { ...given, members: 5_000, readers: 1_000, lines: 4 }),
  ),
  reconnect: onInstallation((installation, given) =>
    measureReconnect(installation, { ...given, sockets: 2_000, chatsEach: 5, membersEach: 50 }),
  ),
  memory: (given) => measureMemory({ ...given, people: 20 }),
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const { values } = readArguments('bench chat', args, {
      only: { type: 'string', default: Object.keys(parts).join(',') },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '20' },
      apis: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    })
    const [rounds, seconds, apis] = [values.rounds, values.seconds, values.apis].map(Number) as [number, number, number]
    const figures = await measure(
      values.only.split(','),
      { rounds, seconds, apis },
      values.json ? () => undefined : console.log,
    )
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else
      console.log(
        `\n${Object.entries(machine())
          .map((pair) => pair.join(' '))
          .join(', ')}\n\n${table(figures)}`,
      )
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}

async function measure(names: string[], options: Options, say: (sentence: string) => void): Promise<Figure[]> {
  const unknown = names.find((name) => !Object.hasOwn(parts, name))
  if (unknown !== undefined)
    throw new CommandError(`There is no part "${unknown}"; there is: ${Object.keys(parts).join(', ')}.`)
  const figures: Figure[] = []
  for (const name of names) {
    say(`Measuring: ${name}`)
    figures.push(...(await within(name, parts[name]!(options))))
  }
  return figures
}

/** Reports and ends a benchmark that hangs. */
async function within<T>(name: string, work: Promise<T>): Promise<T> {
  const late = wait(longest, undefined, { ref: false }).then(() => {
    console.error(`veche: measuring "${name}" did not end within ${longest / 60_000} minutes.`)
    process.kill(process.pid, 'SIGTERM')
    return work
  })
  return Promise.race([work, late])
}
