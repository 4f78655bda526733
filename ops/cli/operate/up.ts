import { join } from 'node:path'
import { once } from 'node:events'
import { adminLink } from './admin.ts'
import { readArguments } from '../arguments.ts'
import { openDataFolder, readSecret } from './data-folder.ts'
import { readSettings, type Settings } from '../env.ts'
import { Installation } from './Installation.ts'
import { takeLock } from '../lock.ts'
import { nodeCount, nodeAddresses, type NodeAddress } from '../parts/node-addresses.ts'
import { requireFreePorts, wantedPorts } from './ports.ts'
import { prepare } from '../machine/prepare.ts'
import { readState } from './state.ts'
import { stopRunningSteps } from '../steps.ts'
import { ensureMediaTools, ensureRedis, ensureTurn } from '../machine/system-packages.ts'
import { reason, CommandError } from '../errors.ts'

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
  const nodes = nodeAddresses(settings, nodeCount(values.sfu))
  const folder = openDataFolder(settings)
  const lock = takeLock(join(folder, 'lock'))
  if (!lock) throw new CommandError(`Veche already runs on ${folder}${addressOf(folder)}: "./veche down" stops it.`)
  const installation = new Installation(settings, nodes, folder, readSecret(folder))
  const signal = nextSignal()
  const starting = startAll(installation, settings, nodes)
  try {
    await Promise.race([signal, starting])
    await signal
    return 0
  } finally {
    await stopAll(installation, starting)
    lock.release()
  }
}

async function startAll(installation: Installation, settings: Settings, nodes: NodeAddress[]) {
  await installation.clear()
  const ownTurn = !settings.turn.urls
  await requireFreePorts(wantedPorts(settings, nodes, ownTurn))
  if (!settings.redisUrl) await ensureRedis()
  if (ownTurn) await ensureTurn().catch(withoutTurn)
  await ensureMediaTools().catch(withoutMediaTools)
  const { mediaWorker } = await prepare({ web: true, media: true })
  await requireSettings(settings)
  await installation.start(mediaWorker)
  await printWelcome(installation, settings)
}

function withoutTurn(error: unknown) {
  console.error(`! ${reason(error)}\n  Until then calls go on, without those whose network needs a TURN server.`)
}

function withoutMediaTools(error: unknown) {
  console.error(
    `! ${reason(error)}\n  Until then video, sound, documents and pictures of phones have no previews; they can be downloaded.`,
  )
}

/** This is imported late, because the schemas need packages that were installed a moment ago. */
async function requireSettings(settings: Settings) {
  const { settingProblems } = await import('./checkups/installation.ts')
  const problems = await settingProblems({ settings, state: undefined })
  if (problems.length) throw new CommandError(`These settings are missing or wrong:\n  ${problems.join('\n  ')}`)
}

async function printWelcome(installation: Installation, settings: Settings) {
  const link = await adminLink(installation.environment, ['--first'])
  console.log(`\nVeche is ready: ${settings.publicUrl}`)
  if (link) console.log(`The first administrator signs up here, once: ${link}`)
  if (!settings.smtpUrl)
    console.log(`All mail is caught and shown at ${settings.publicUrl}/dev/mail (SMTP_URL sends it for real)`)
  console.log('Ctrl-C stops everything.\n')
}

/** All started parts are stopped in order, whatever ends this command. A second Ctrl-C kills them at once. */
async function stopAll(installation: Installation, starting: Promise<void>) {
  if (!installation.empty) console.log('\nStopping')
  void nextSignal().then(() => {
    installation.kill()
    process.exit(1)
  })
  starting.catch(() => undefined)
  await stopRunningSteps()
  await installation.stop()
  if (!installation.empty) console.log('Stopped')
}

async function nextSignal() {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  await Promise.race(signals.map((signal) => once(process, signal)))
}

function addressOf(folder: string) {
  const address = readState(folder)?.address
  return address ? ` (${address})` : ''
}
