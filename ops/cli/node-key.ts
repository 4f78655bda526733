import { hkdfSync } from 'node:crypto'
import { readArguments } from './arguments.ts'
import { openDataFolder, readSecret } from './data-folder.ts'
import { readSettings } from './env.ts'
import { Misuse } from './trouble.ts'

export const usage = `
./veche node-key <name>

Prints the key of a media node, for SFU_KEY on the machine where that node runs. It is made of this installation's secret and
the node's name, such as sfu-2, which the node is told as SFU_NODE.
`

export async function run(args: string[]): Promise<number> {
  const { positionals } = readArguments('node-key', args, {}, 1)
  const [name = ''] = positionals
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
    throw new Misuse(`"${name}" is no name of a media node: it takes small letters, digits and hyphens, such as sfu-2.`)
  console.log(nodeKey(readSecret(openDataFolder(readSettings())), name))
  return 0
}

/** What one media node and the API prove themselves to each other with; a node that is broken into knows no other's. */
export function nodeKey(secret: string, node: string) {
  return derive(secret, `veche node key ${node}`)
}

/** What the API signs the names of people at the TURN server with. */
export function turnSecret(secret: string) {
  return derive(secret, 'veche turn')
}

function derive(secret: string, purpose: string) {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)).toString('hex')
}
