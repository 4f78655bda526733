import { join } from 'node:path'
import { once } from 'node:events'
import { adminLink } from './admin.ts'
import { readArguments } from './arguments.ts'
import { openDataFolder, readSecret } from './data-folder.ts'
import { readSettings, type Settings } from './env.ts'
import { House } from './House.ts'
import { takeLock } from './lock.ts'
import { nodeCount, placesOfNodes, type NodePlace } from './nodes.ts'
import { needPorts, wantedPorts } from './ports.ts'
import { prepare } from './prepare.ts'
import { readState } from './state.ts'
import { stopRunningSteps } from './steps.ts'
import { needRedis, needTurn } from './system-packages.ts'
import { reason, Trouble } from './trouble.ts'

export const usage = `
./veche up [--sfu <number>]

Installs what is missing, builds, starts everything, waits until it is ready and prints the address.
It stays in the foreground; Ctrl-C (or ./veche down from elsewhere) stops everything.

  --sfu 2   two media nodes on this machine: the calls of one outlive the other

Settings come from the environment, for instance
  PORT=9000 ./veche up                                  another port
  PUBLIC_URL=https://chat.example.org ./veche up        behind a proxy or a tunnel
  VECHE_DATA=/srv/veche ./veche up                      another data folder
DATABASE_URL, REDIS_URL and SMTP_URL replace the embedded parts one by one. ops/README.md has the whole table.
`

export async function run(args: string[]): Promise<number> {
  const { values } = readArguments('up', args, { sfu: { type: 'string', default: '1' } })
  const settings = readSettings()
  const nodes = placesOfNodes(settings, nodeCount(values.sfu))
  const folder = openDataFolder(settings)
  const lock = takeLock(join(folder, 'lock'))
  if (!lock) throw new Trouble(`Veche already runs on ${folder}${addressOf(folder)}: "./veche down" stops it.`)
  const house = new House(settings, nodes, folder, readSecret(folder))
  const signal = nextSignal()
  const working = work(house, settings, nodes)
  try {
    await Promise.race([signal, working])
    await signal
    return 0
  } finally {
    await leave(house, working)
    lock.release()
  }
}

async function work(house: House, settings: Settings, nodes: NodePlace[]) {
  await house.clear()
  const ownTurn = !settings.turn.urls
  await needPorts(wantedPorts(settings, nodes, ownTurn))
  if (!settings.redisUrl) await needRedis()
  if (ownTurn) await needTurn().catch(withoutTurn)
  const { mediaWorker } = await prepare({ web: true, media: true })
  await needSettings(settings)
  await house.start(mediaWorker)
  await welcome(house, settings)
}

function withoutTurn(error: unknown) {
  console.error(`! ${reason(error)}\n  Until then calls go on, without those whose network needs a TURN server.`)
}

/** Loaded late: the schemas need packages that were installed just now. */
async function needSettings(settings: Settings) {
  const { settingProblems } = await import('./checkups/installation.ts')
  const problems = await settingProblems({ settings, state: undefined })
  if (problems.length) throw new Trouble(`These settings are missing or wrong:\n  ${problems.join('\n  ')}`)
}

async function welcome(house: House, settings: Settings) {
  const link = await adminLink(house.environment, ['--first'])
  console.log(`\nVeche is ready: ${settings.publicUrl}`)
  if (link) console.log(`The first administrator signs up here, once: ${link}`)
  if (!settings.smtpUrl)
    console.log(`All mail is caught and shown at ${settings.publicUrl}/dev/mail (SMTP_URL sends it for real)`)
  console.log('Ctrl-C stops everything.\n')
}

/** Whatever ends us, what was started is stopped, in order; who presses Ctrl-C again does not wait. */
async function leave(house: House, working: Promise<void>) {
  if (!house.empty) console.log('\nStopping')
  void nextSignal().then(() => {
    house.kill()
    process.exit(1)
  })
  working.catch(() => undefined)
  await stopRunningSteps()
  await house.stop()
  if (!house.empty) console.log('Stopped')
}

async function nextSignal() {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  await Promise.race(signals.map((signal) => once(process, signal)))
}

function addressOf(folder: string) {
  const address = readState(folder)?.address
  return address ? ` (${address})` : ''
}
