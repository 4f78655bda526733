import { readArguments } from '../cli/arguments.ts'
import { CommandError } from '../cli/errors.ts'
import { deathNames, figuresOf, measureDeaths } from './calls/recovery-times.ts'
import { measureReconnectTimes } from './calls/reconnect-times.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'

const parts = ['steps', ...deathNames]

export const usage = `
./veche bench recovery [--only ${parts.join(',')}] [--kills 5] [--json]

Kills nodes, workers and the API under calls in real browsers and cuts the network, and measures how long nothing arrived.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const { values } = readArguments('bench recovery', args, {
      only: { type: 'string', default: parts.join(',') },
      kills: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    })
    const figures: Figure[] = []
    for (const name of values.only.split(',')) figures.push(...(await measure(name, Number(values.kills))))
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else console.log(`${Object.entries(machine()).flat().join(' ')}\n\n${table(figures)}`)
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}

async function measure(name: string, times: number): Promise<Figure[]> {
  if (name === 'steps') return measureReconnectTimes(times)
  const death = deathNames.find((known) => known === name)
  if (!death) throw new CommandError(`There is no part "${name}"; there is: ${parts.join(', ')}.`)
  return figuresOf(death, await measureDeaths(death, times))
}
