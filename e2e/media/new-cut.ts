import { onTestFinished } from 'vitest'
import { Cut } from './Cut.ts'

/** A network to cut, for as long as the test runs. Media go to this port of a node. */
export async function newCut(nodePort: number): Promise<Cut> {
  const cut = await Cut.open(nodePort)
  onTestFinished(() => cut.close())
  return cut
}
