import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Settings } from '../env.ts'
import type { NodeAddress } from '../parts/node-addresses.ts'
import { errorCode, reason, CommandError } from '../errors.ts'

type Protocol = 'tcp' | 'udp'
/** A port that a part will listen on, and the setting that moves it. */
export type WantedPort = { setting: string; port: number; host: string; protocol: Protocol }

export function wantedPorts(settings: Settings, nodes: NodeAddress[], turn: boolean): WantedPort[] {
  const { host, port, controlHost, controlPort, sfu } = settings
  const tcp = (setting: string, port: number, host: string): WantedPort => ({ setting, port, host, protocol: 'tcp' })
  const both = (setting: string, port: number, host: string): WantedPort[] => [
    tcp(setting, port, host),
    { setting, port, host, protocol: 'udp' },
  ]
  return [
    tcp('PORT', port, host),
    tcp('CONTROL_PORT', controlPort, controlHost),
    ...nodes.flatMap((node) => [
      tcp('SFU_PORT', node.port, node.host),
      tcp('SFU_CONTROL_PORT', node.controlPort, node.controlHost),
      ...Array.from({ length: node.workers }, (_, at) => both('MEDIA_PORT', node.mediaPort + at, sfu.mediaHost)).flat(),
    ]),
    ...(turn ? both('TURN_PORT', settings.turn.port, '0.0.0.0') : []),
  ]
}

/** Throws unless each wanted port is free and no two parts want the same one. */
export async function requireFreePorts(wanted: WantedPort[]) {
  for (const [at, one] of wanted.entries()) {
    const other = wanted.slice(0, at).find(({ port, protocol }) => port === one.port && protocol === one.protocol)
    if (!other) continue
    if (other.setting === one.setting) throw new CommandError(`${one.setting} makes two parts want port ${one.port}.`)
    throw new CommandError(`${other.setting} and ${one.setting} both want port ${one.port}; they need two.`)
  }
  for (const { setting, port, host, protocol } of wanted) {
    const problem = await portProblem(port, host, protocol)
    if (problem)
      throw new CommandError(`${problem}; choose another with ${setting}=${port < 1024 ? port + 8000 : port + 1}.`)
  }
}

/** Says why a port cannot be used; undefined when it is free. */
export function portProblem(port: number, host = '0.0.0.0', protocol: Protocol = 'tcp') {
  return new Promise<string | undefined>((resolve) => {
    const failed = (error: unknown) => resolve(problem(port, host, error))
    const listener = protocol === 'tcp' ? createServer() : createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const free = () => void listener.close(() => resolve(undefined))
    listener.once('error', failed)
    if ('bind' in listener) listener.bind({ port, address: host, exclusive: true }, free)
    else listener.listen(port, host, free)
  })
}

function problem(port: number, host: string, error: unknown) {
  const known: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken by another program`,
    EACCES: `Port ${port} is not open to this account (ports below 1024 belong to root)`,
    EADDRNOTAVAIL: `${host} is no address of this machine`,
  }
  return known[errorCode(error)] ?? `Port ${port} cannot be used (${reason(error)})`
}
