import { reason } from '../../errors.ts'
import { broken, doubtful, fine, idle, type Finding, type CheckupInput } from './finding.ts'

const local = ['localhost', '127.0.0.1', '[::1]']

export async function address({ settings, state }: CheckupInput): Promise<Finding[]> {
  const { protocol, hostname } = new URL(settings.publicUrl)
  if (local.includes(hostname)) return [idle('PUBLIC_URL', `${settings.publicUrl}: only this machine can use it`)]
  if (protocol !== 'https:')
    return [
      broken(
        'PUBLIC_URL',
        `${settings.publicUrl} is not encrypted, and browsers then refuse sign-in, offline use and calls`,
        'Put a proxy with a certificate before it, and set PUBLIC_URL to its https address.',
      ),
    ]
  const findings = state ? [await answers(settings.publicUrl)] : [fine('PUBLIC_URL', settings.publicUrl)]
  if (!process.env['TRUSTED_PROXIES'])
    findings.push(
      doubtful(
        'TRUSTED_PROXIES',
        'is not set, so limits count the proxy instead of the people behind it',
        'Set it to the address of the proxy, such as 127.0.0.1.',
      ),
    )
  return findings
}

async function answers(publicUrl: string): Promise<Finding> {
  const cure = 'Check that the name leads to this machine and the proxy passes requests on to PORT.'
  try {
    const answer = await fetch(`${publicUrl}/livez`, { signal: AbortSignal.timeout(5_000), redirect: 'manual' })
    const ours = answer.ok && (await answer.text()).includes('"live":true')
    return ours
      ? fine('PUBLIC_URL', `${publicUrl} leads here`)
      : broken('PUBLIC_URL', `${publicUrl} answers ${answer.status}, and it is not Veche that answers`, cure)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : reason(error)
    return broken('PUBLIC_URL', `${publicUrl} does not answer (${cause})`, cure)
  }
}
