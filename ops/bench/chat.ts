import { setTimeout as wait } from 'node:timers/promises'
import { CommandError } from '../cli/errors.ts'
import { compareServers } from './beside/comparison.ts'
import { comparedFigures, comparisonTable } from './beside/comparison-table.ts'
import { requirePackages, serverVersions } from './beside/packages.ts'
import { measureDelivery } from './chat/delivery.ts'
import { measureDisk } from './chat/disk.ts'
import { measureFirstSync } from './chat/first-sync.ts'
import { measureMemory } from './chat/memory.ts'
import { readChatOptions, type ChatOptions, type ChatPart } from './chat/options.ts'
import { measureReads } from './chat/reads.ts'
import { measureReconnect } from './chat/reconnect.ts'
import { measureSends } from './chat/sends.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'
import { BenchInstallation } from './installation/BenchInstallation.ts'
import { profiledEnvironment } from './installation/cpu-profile.ts'

export const usage = `
./veche bench chat [--only disk,delivery,sends,sync,reads,reconnect,memory] [--rounds 3] [--seconds n] [--apis 1] [--profile folder] [--json]
./veche bench chat --beside ejabberd,prosody [--only delivery,one,fifty] [--rounds 3] [--seconds n] [--profile folder] [--json]

Measures the chat over real sockets on an installation of its own, with every message flushed to disk before it is acknowledged.
A round measures delivery for four minutes and everything else for 20 seconds, unless --seconds says otherwise.
--beside gives the same work to other servers, in turns. --profile leaves CPU profiles of the API.
`

type Options<Beside> = Extract<ChatOptions, { beside: Beside }>
type AloneOptions = Options<undefined>
type BesideOptions = Exclude<ChatOptions, AloneOptions>
type PartOptions = AloneOptions & { seconds: number }

const deliverySeconds = 240
const otherSeconds = 20

const method =
  'Median (least to most) of the rounds. One process of each server in turns, each with a fresh Postgres that flushes every commit; the client shares the cores. Every delivery came, and the archives hold what was sent.'

const onInstallation =
  (measure: (installation: BenchInstallation, options: PartOptions) => Promise<Figure[]> | Figure[]) =>
  async (options: PartOptions) => {
    const env = profiledEnvironment(options.profile)
    const installation = await BenchInstallation.open({ apis: options.apis, worker: false, env })
    try {
      return await measure(installation, options)
    } catch (error) {
      console.error(installation.lastLines)
      throw error
    } finally {
      await installation.close()
    }
  }

const parts: Record<ChatPart, (options: PartOptions) => Promise<Figure[]>> = {
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
    const options = readChatOptions(args)
    await (options.beside ? compare(options) : measureAlone(options))
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}

async function measureAlone(options: AloneOptions): Promise<void> {
  const figures: Figure[] = []
  for (const name of options.only) {
    if (!options.json) console.log(`Measuring: ${name}`)
    const seconds = options.seconds ?? (name === 'delivery' ? deliverySeconds : otherSeconds)
    figures.push(...(await within(name, parts[name]({ ...options, seconds }), longestMs(options.rounds * seconds))))
  }
  if (options.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
  else console.log(`\n${machineLine()}\n\n${table(figures)}`)
}

/** With --json the table goes to the other stream, because such a run takes long. */
async function compare(options: BesideOptions): Promise<void> {
  requirePackages(options.beside)
  const limitMs = longestMs((options.seconds ?? deliverySeconds) * options.only.length)
  const say = options.json ? console.error : console.log
  const rounds = await compareServers(options, say, (name, work) => within(name, work, limitMs))
  const servers = ['veche', ...options.beside]
  const figures = comparedFigures(rounds, servers)
  const versions = serverVersions(options.beside)
  say(
    `\n${machineLine()}, ${Object.entries(versions).flat().join(' ')}\n${method}\n\n${comparisonTable(figures, servers)}`,
  )
  if (options.json) console.log(JSON.stringify({ machine: machine(), versions, method, figures, rounds }, null, 2))
}

function machineLine(): string {
  return Object.entries(machine())
    .map((pair) => pair.join(' '))
    .join(', ')
}

function longestMs(measuredSeconds: number): number {
  return 900_000 + measuredSeconds * 2_000
}

/** Reports and ends a benchmark that hangs. */
async function within<T>(name: string, work: Promise<T>, limitMs: number): Promise<T> {
  const late = wait(limitMs, undefined, { ref: false }).then(() => {
    console.error(`veche: measuring "${name}" did not end within ${Math.round(limitMs / 60_000)} minutes.`)
    process.kill(process.pid, 'SIGTERM')
    return work
  })
  return Promise.race([work, late])
}
