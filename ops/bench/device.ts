import { readArguments } from '../cli/arguments.ts'
import { CommandError } from '../cli/errors.ts'
import { measureDevice } from './device/device-times.ts'
import { type Figure, table } from './figures/figure.ts'
import { machine } from './figures/machine.ts'

export const usage = `
./veche bench device [--chats 300,1500,5000] [--long-chat 200000] [--timeout 120] [--json]

Measures in Chromium how a fresh device of somebody with so many chats comes to its list, and how it opens again.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  try {
    const { values } = readArguments('bench device', args, {
      chats: { type: 'string', default: '300,1500,5000' },
      'long-chat': { type: 'string', default: '200000' },
      timeout: { type: 'string', default: '120' },
      json: { type: 'boolean', default: false },
    })
    const longChat = Number(values['long-chat'])
    const timeoutMs = Number(values.timeout) * 1_000
    const figures: Figure[] = []
    for (const chats of values.chats.split(',').map(Number))
      figures.push(...(await measureDevice({ chats, messagesEach: 20, longChat, timeoutMs })))
    if (values.json) console.log(JSON.stringify({ machine: machine(), figures }, null, 2))
    else console.log(`${Object.entries(machine()).flat().join(' ')}\n\n${table(figures)}`)
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    console.error(`veche: ${error.message}`)
    return error.exitCode
  }
}
