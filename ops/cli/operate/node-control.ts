import { request } from 'node:http'
import { connect } from 'node:tls'
import { nodeKey } from '../parts/keys.ts'
import type { NodeAddress } from '../parts/node-addresses.ts'

export type Candidate = { address: string; port: number; protocol: 'udp' | 'tcp' }
export type Probe = {
  iceParameters: { usernameFragment: string; password: string }
  iceCandidates: Candidate[]
}

const answerTimeoutMs = 5_000

/** Opens a transport on a media node for a probe, over TLS with the node's key, as the API does. */
export async function openProbe({ name, controlHost, controlPort }: NodeAddress, secret: string): Promise<Probe> {
  const { apiIdentity, controlTls } = await import('@veche/shared/nodes')
  const key = Buffer.from(nodeKey(secret, name), 'hex')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const tls = {
    ...controlTls,
    host: ['0.0.0.0', '::'].includes(controlHost) ? '127.0.0.1' : controlHost,
    port: controlPort,
    pskCallback: () => ({ psk: key, identity: apiIdentity }),
    // There are no certificates: the pre-shared key authenticates both sides.
    checkServerIdentity: () => undefined,
  }
  const headers = { 'content-type': 'application/json' }
  const createConnection = () => connect(tls)
  const question = request({ path: '/probe', method: 'POST', headers, timeout: answerTimeoutMs, createConnection })
  question.once('timeout', () => question.destroy(new Error(`no answer within ${answerTimeoutMs / 1000} s`)))
  question.once('error', reject)
  question.once('response', (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => (text += part))
    response.once('error', reject).once('end', () => resolve(text))
  })
  question.end()
  return read(await promise)
}

function read(text: string): Probe {
  const { result, error } = JSON.parse(text) as { result?: { data: Probe }; error?: { message: string } }
  if (!result) throw new Error(error?.message ?? 'it answered something else')
  return result.data
}
