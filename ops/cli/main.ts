import { reason, CommandError } from './errors.ts'

import { isRelease } from './env.ts'

type Command = { usage: string; run(args: string[]): Promise<number> }
type Commands = Record<string, { summary: string; load(): Promise<Command> }>

/** Commands are imported one by one, because before the installation only Node itself is there. */
const operatorCommands: Commands = {
  up: { summary: 'install what is missing, start everything and stay', load: () => import('./operate/up.ts') },
  down: { summary: 'stop what "up" started', load: () => import('./operate/down.ts') },
  doctor: { summary: 'check each part and say cause and cure', load: () => import('./operate/doctor.ts') },
  admin: {
    summary: 'print the link for the first administrator, or a recovery link',
    load: () => import('./operate/admin.ts'),
  },
  'node-key': {
    summary: 'print the key of a media node on another machine',
    load: () => import('./operate/node-key.ts'),
  },
}

/** A release is run and not developed: these are not in it. */
const developerCommands: Commands = {
  check: { summary: 'format, lint, types, unused code, generated types', load: () => import('./develop/check.ts') },
  test: { summary: 'the check and every test that must hold on each change', load: () => import('./develop/test.ts') },
  release: {
    summary: 'make a signed archive that holds what a machine needs',
    load: () => import('./develop/release/release.ts'),
  },
  bench: { summary: 'measure, with machine and method', load: () => import('./develop/bench.ts') },
}

const commands: Commands = { ...operatorCommands, ...(isRelease ? {} : developerCommands) }

process.exitCode = await main(process.argv.slice(2))

async function main([name = '--help', ...args]: string[]): Promise<number> {
  if (['--help', '-h', 'help'].includes(name)) return help()
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) return complain(`There is no command "${name}". "./veche --help" lists them.`, 2)
  try {
    const { usage, run } = await command.load()
    if (!args.includes('--help') && !args.includes('-h')) return await run(args)
    console.log(usage.trim())
    return 0
  } catch (error) {
    if (error instanceof CommandError) return complain(error.message, error.exitCode)
    return complain(
      `"./veche ${name}" met something it does not know: ${error instanceof Error ? error.stack : reason(error)}`,
      1,
    )
  }
}

function help() {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ./veche ${name.padEnd(8)} ${summary}`)
  console.log(
    ['Veche: chat and meetings on your own machine.', '', ...lines, '', '"./veche <command> --help" says more.'].join(
      '\n',
    ),
  )
  return 0
}

function complain(sentence: string, code: number) {
  console.error(`veche: ${sentence}`)
  return code
}
