import { iceCheck } from '../../../stun/ice-check.ts'
import { readSecret } from '../data-folder.ts'
import { openProbe, type Candidate, type Probe } from '../node-control.ts'
import type { NodeAddress } from '../../parts/node-addresses.ts'
import { errorCode, reason } from '../../errors.ts'
import { broken, doubtful, fine, type Finding, type CheckupInput } from './finding.ts'

/** Opens a transport on each media node and sends it an ICE check over UDP and over TCP, at each address that browsers get. */
export async function media({ settings, state }: CheckupInput): Promise<Finding[]> {
  if (!state) return []
  const secret = readSecret(settings.dataFolder)
  const announced = settings.sfu.announcedAddress
  return (await Promise.all(state.nodes.map((node) => look(node, secret, announced)))).flat()
}

async function look(node: NodeAddress, secret: string, announced: string | undefined): Promise<Finding[]> {
  try {
    const probe = await openProbe(node, secret)
    return await Promise.all(probe.iceCandidates.map((candidate) => answers(node.name, probe, candidate, announced)))
  } catch (error) {
    return [
      broken(
        node.name,
        `its control port ${node.controlPort} gives no transport (${cause(error)})`,
        `Its log ${node.name}.log in the data folder says why; after a change of VECHE_SECRET, start again.`,
      ),
    ]
  }
}

async function answers(
  name: string,
  { iceParameters }: Probe,
  { address, port, protocol }: Candidate,
  announced?: string,
) {
  const where = { host: address, port, protocol: protocol === 'tcp' ? ('framed' as const) : ('udp' as const) }
  const part = `${name} ${protocol.toUpperCase()}`
  const failure = await iceCheck(where, iceParameters).then(
    (answered) => (answered ? undefined : 'it refuses'),
    (error: unknown) => reason(error),
  )
  if (failure === undefined) return fine(part, `media is answered at ${address}:${port}`)
  const says = `${address}:${port} does not answer (${failure})`
  // Many routers do not support hairpinning: packets from inside to their own public address are dropped.
  if (address === announced)
    return doubtful(
      part,
      `${says}, from this machine at least`,
      'Try a call from another network; the router must pass that port on.',
    )
  return broken(part, says, `Let ${protocol.toUpperCase()} to port ${port} through this machine's firewall.`)
}

/** With a wrong pre-shared key, TLS reports a message that was tampered with. */
function cause(error: unknown) {
  return errorCode(error) === 'EPROTO' ? 'it has another key' : reason(error).split('\n')[0]
}
