import { readArguments } from '../cli/arguments.ts'
import { Trouble } from '../cli/trouble.ts'
import { deathNames, figuresOf, measureDeaths } from './calls/recovery.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'

export const usage = `
./veche bench recovery [--only ${deathNames.join(',')}] [--kills 5] [--json]

Kills nodes, workers and the API under calls in real browsers, and measures how long nothing arrived.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const { values } = readArguments('bench recovery', args, {
      only: { type: 'string', default: deathNames.join(',') },
      kills: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    })
    const names = values.only.split(',').map((name) => deathNames.find((known) => known === name) ?? unknown(name))
    const figures: Figure[] = []
    for (const name of names) figures.push(...figuresOf(name, await measureDeaths(name, Number(values.kills))))
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else console.log(`${Object.entries(machine()).flat().join(' ')}\n\n${table(figures)}`)
    return 0
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}

function unknown(name: string): never {
  throw new Trouble(`There is no death "${name}"; there is: ${deathNames.join(', ')}.`)
}
