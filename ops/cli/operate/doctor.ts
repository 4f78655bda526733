import { readArguments } from '../arguments.ts'
import { address } from './checkups/address.ts'
import { database } from './checkups/database.ts'
import { broken, type Checkup, type Finding } from './checkups/finding.ts'
import { mediaWorker, packages, readiness, settings, webBuild } from './checkups/installation.ts'
import { disk, mediaTools, node, pnpm, ports, secret, timekeeping } from './checkups/machine.ts'
import { mail } from './checkups/mail.ts'
import { media } from './checkups/media.ts'
import { redis } from './checkups/redis.ts'
import { turn } from './checkups/turn.ts'
import { readSettings } from '../env.ts'
import { isThere, readState } from './state.ts'
import { reason } from '../errors.ts'

export const usage = `
./veche doctor

Looks at each part and says cause and cure in plain words; it changes nothing. Ends with 1 when something is broken.
✓ fine   · not in use now   ? doubtful   ✗ broken
`

const checkups: Checkup[] = [
  node,
  pnpm,
  packages,
  mediaWorker,
  mediaTools,
  webBuild,
  settings,
  disk,
  secret,
  timekeeping,
  ports,
  readiness,
  database,
  redis,
  media,
  turn,
  mail,
  address,
]
const signs = { fine: '✓', idle: '·', doubtful: '?', broken: '✗' }

export async function run(args: string[]): Promise<number> {
  readArguments('doctor', args, {})
  const own = readSettings()
  const found = readState(own.dataFolder)
  const state = found && isThere(found.up) ? found : undefined
  const input = { settings: state ? { ...own, publicUrl: state.address } : own, state }
  const all: Finding[] = []
  for (const checkup of checkups) {
    const findings = await Promise.resolve(checkup(input)).catch((error: unknown) => [unknown(error)])
    findings.forEach(print)
    all.push(...findings)
  }
  const ill = all.filter((finding) => finding.state === 'broken').length
  console.log(ill ? `\n${ill} ${ill === 1 ? 'thing is' : 'things are'} broken.` : '\nNothing is broken.')
  return ill ? 1 : 0
}

function print({ part, state, says, cure }: Finding) {
  console.log(`${signs[state]} ${part.padEnd(16)} ${says}`)
  if (cure) console.log(`  ${' '.repeat(16)} → ${cure}`)
}

function unknown(error: unknown): Finding {
  return broken(
    'Doctor',
    reason(error).split('\n')[0]!,
    '"./veche up" installs what is missing; look again afterwards.',
  )
}
