import { request } from 'node:http'
import { connect } from 'node:tls'
import { nodeKey } from './node-key.ts'
import type { NodePlace } from './nodes.ts'

export type Candidate = { address: string; port: number; protocol: 'udp' | 'tcp' }
export type Probe = {
  iceParameters: { usernameFragment: string; password: string }
  iceCandidates: Candidate[]
}

const patience = 5_000

/** Opens a transport at a media node for nobody's media, as the API would: over TLS with the node's key. */
export async function openProbe({ name, controlHost, controlPort }: NodePlace, secret: string): Promise<Probe> {
  const { apiIdentity, controlTls } = await import('@veche/shared/nodes')
  const key = Buffer.from(nodeKey(secret, name), 'hex')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const tls = {
    ...controlTls,
    host: ['0.0.0.0', '::'].includes(controlHost) ? '127.0.0.1' : controlHost,
    port: controlPort,
    pskCallback: () => ({ psk: key, identity: apiIdentity }),
    // Nobody shows a certificate: the key itself proves who is there.
    checkServerIdentity: () => undefined,
  }
  const headers = { 'content-type': 'application/json' }
  const createConnection = () => connect(tls)
  const question = request({ path: '/probe', method: 'POST', headers, timeout: patience, createConnection })
  question.once('timeout', () => question.destroy(new Error(`no answer within ${patience / 1000} s`)))
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
