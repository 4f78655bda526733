import { readArguments } from '../cli/arguments.ts'
import { CommandError } from '../cli/errors.ts'
import { CallBench } from './calls/CallBench.ts'
import { measureJoining } from './calls/join-times.ts'
import { table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'

export const usage = `
./veche bench join [--rounds 20] [--browser chromium|firefox] [--json]

Measures how long it takes from the click on Join now to the first remote picture and sound, in real browsers.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const { values } = readArguments('bench join', args, {
    rounds: { type: 'string', default: '20' },
    browser: { type: 'string', default: 'chromium' },
    json: { type: 'boolean', default: false },
  })
  const { browser } = values
  if (browser !== 'chromium' && browser !== 'firefox')
    throw new CommandError(`There is no browser ${browser} to measure.`)
  const calls = await CallBench.open({ people: 2, nodes: 1, browser })
  try {
    const figures = await measureJoining(calls, Number(values.rounds))
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else console.log(`${Object.entries(machine()).flat().join(' ')}\n\n${table(figures)}`)
    return 0
  } catch (error) {
    console.error(calls.installation.lastLines)
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  } finally {
    await calls.close()
  }
}
