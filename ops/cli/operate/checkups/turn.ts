import { createHmac } from 'node:crypto'
import type { StunServer } from '../../../stun/StunConnection.ts'
import { TurnClient } from '../../../stun/TurnClient.ts'
import { readSecret } from '../data-folder.ts'
import { turnSecret } from '../../parts/keys.ts'
import { reason } from '../../errors.ts'
import { turnBinary, turnVersion } from '../../parts/turn.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

const without = 'calls go on, without those whose network needs it'

/** Requests a relay from each TURN server, as a browser behind a strict firewall does. */
export async function turn({ settings, state }: CheckupInput): Promise<Finding[]> {
  const urls = settings.turn.urls ?? state?.turn?.urls
  if (urls) {
    if (!settings.turn.urls && !state) return []
    const secret = process.env['TURN_SECRET'] || (state ? turnSecret(readSecret(settings.dataFolder)) : '')
    const found = await Promise.all(urls.split(',').map((url) => checkServer(url.trim(), secret)))
    return settings.turn.urls ? found : [...found, ...findOldVersion(turnVersion())]
  }
  if (!turnBinary())
    return [doubtful('TURN', `coturn is not installed; ${without}`, 'Run "apt-get install coturn" and start again.')]
  if (!state) return [idle('TURN', 'coturn is installed and starts with "./veche up"')]
  return [doubtful('TURN', `coturn does not run; ${without}`, 'The log turn.log in the data folder says why.')]
}

/** Holes in the filters of older versions do not matter here: our settings refuse every peer but the media nodes. */
export function findOldVersion(version: string | undefined): Finding[] {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  if (version === undefined || major > 4 || (major === 4 && minor >= 10)) return []
  return [
    doubtful(
      'TURN',
      `coturn ${version} has known holes, which the settings of this installation close`,
      'Install coturn 4.10 or newer when your distribution has it.',
    ),
  ]
}

async function checkServer(url: string, secret: string): Promise<Finding> {
  const server = parse(url)
  if (!server) return idle('TURN', `${url} is not one that can be asked from here (TLS)`)
  if (!secret) return doubtful('TURN', `${url} cannot be asked without TURN_SECRET`, 'Set it to that of the server.')
  try {
    const { code, relayed } = await tryRelay(server, secret)
    return code ? refused(url, code) : fine('TURN', `${url} relays from ${relayed?.address}`)
  } catch (error) {
    return broken(
      'TURN',
      `${url} does not answer (${reason(error)})`,
      'Check that it runs, and that the firewall lets people reach that port over that protocol.',
    )
  }
}

/** The allocation is released at once. */
async function tryRelay(server: StunServer, secret: string) {
  const client = await TurnClient.open(server, credentials(secret))
  try {
    const answer = await client.allocate(30)
    if (!answer.code) await client.refresh(0)
    return answer
  } finally {
    client.close()
  }
}

function refused(url: string, code: number): Finding {
  if (code === 401)
    return broken(
      'TURN',
      `${url} refuses what the API signs`,
      'Its static-auth-secret must be the TURN_SECRET of the API, and both clocks must be right.',
    )
  if (code === 486 || code === 508)
    return doubtful(
      'TURN',
      `${url} has no relay left`,
      'Widen TURN_RELAY_PORTS and total-quota, and the firewall with it.',
    )
  return broken('TURN', `${url} refuses to relay (${code})`, 'Its log says why.')
}

/** Parses turn:host:port?transport=udp. It skips turns:, because only browsers can judge its certificate. */
function parse(url: string): StunServer | undefined {
  const [, host, port, transport] = /^turn:(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url) ?? []
  if (!host) return undefined
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? 3478),
    protocol: transport === 'tcp' ? 'tcp' : 'udp',
  }
}

export function credentials(secret: string) {
  const username = `${Math.floor(Date.now() / 1000) + 60}:doctor`
  return { username, password: createHmac('sha1', secret).update(username).digest('base64') }
}
