import { readArguments } from '../arguments.ts'
import { openDataFolder, readSecret } from './data-folder.ts'
import { readSettings } from '../env.ts'
import { nodeKey } from '../parts/keys.ts'
import { UsageError } from '../errors.ts'

export const usage = `
./veche node-key <name>

Prints the key of a media node, for SFU_KEY on the machine where that node runs. It is made of this installation's secret and
the node's name, such as sfu-2, which the node is told as SFU_NODE.
`

export async function run(args: string[]): Promise<number> {
  const { positionals } = readArguments('node-key', args, {}, 1)
  const [name = ''] = positionals
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
    throw new UsageError(
      `"${name}" is no name of a media node: it takes small letters, digits and hyphens, such as sfu-2.`,
    )
  console.log(nodeKey(readSecret(openDataFolder(readSettings())), name))
  return 0
}
