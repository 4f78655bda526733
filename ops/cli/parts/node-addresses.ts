import type { Settings } from '../env.ts'
import { UsageError, CommandError } from '../errors.ts'

/** Where one media node of this machine listens. */
export type NodeAddress = {
  name: string
  host: string
  port: number
  controlHost: string
  controlPort: number
  mediaPort: number
  workers: number
}

/** The distance between the ports of two nodes on one machine. */
const block = 16
const mostNodes = 8

export function nodeCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > mostNodes)
    throw new UsageError(`--sfu is "${text}", and takes a number of media nodes from 1 to ${mostNodes}.`)
  return count
}

export function nodeAddresses({ sfu }: Settings, count: number): NodeAddress[] {
  if (count > 1 && sfu.url)
    throw new CommandError(`SFU_URL names one media node, and there are to be ${count}: leave it out, or start one.`)
  const places = Array.from({ length: count }, (_, at) => ({
    name: `sfu-${at}`,
    host: sfu.host,
    port: sfu.port + at * block,
    controlHost: sfu.controlHost,
    controlPort: sfu.controlPort + at * block,
    mediaPort: sfu.mediaPort + at * block,
    workers: count > 1 ? Math.min(sfu.workers, block) : sfu.workers,
  }))
  const last = places.at(-1)!
  for (const [setting, port] of Object.entries({
    SFU_PORT: last.port,
    SFU_CONTROL_PORT: last.controlPort,
    MEDIA_PORT: last.mediaPort + last.workers - 1,
  }))
    if (port > 65_535)
      throw new CommandError(`${setting} is too high: the last port that it asks for would be ${port}.`)
  return places
}
