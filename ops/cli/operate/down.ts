import { existsSync } from 'node:fs'
import { readArguments } from '../arguments.ts'
import { stopForeign } from '../child.ts'
import { readSettings } from '../env.ts'
import { forgetState, isThere, orphans, readState, stopOrphan } from './state.ts'
import { CommandError } from '../errors.ts'

export const usage = `
./veche down

Stops what "./veche up" started on this data folder (VECHE_DATA), in order, and waits for it.
`

const stopTimeoutMs = 90_000

export async function run(args: string[]): Promise<number> {
  readArguments('down', args, {})
  const { dataFolder } = readSettings()
  const up = readState(dataFolder)?.up
  const running = up && isThere(up)
  if (running && !(await stopForeign(up.pid, [['SIGTERM', stopTimeoutMs]])))
    throw new CommandError(
      `"./veche up" (process ${up.pid}) does not stop; its terminal and ${dataFolder}/logs say why.`,
    )
  const left = existsSync(dataFolder) ? orphans(dataFolder) : []
  for (const [name, part] of left) {
    console.log(`${name} (process ${part.pid}) outlived its start; stopping it`)
    if (!(await stopOrphan(name, part))) throw new CommandError(`${name} (process ${part.pid}) does not stop.`)
  }
  forgetState(dataFolder)
  console.log(running || left.length ? 'Veche is stopped.' : `Veche does not run on ${dataFolder}.`)
  return 0
}
