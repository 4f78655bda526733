import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { reason } from '../../errors.ts'
import { broken, doubtful, fine, type Finding, type CheckupInput } from './finding.ts'

export async function mail({ settings }: CheckupInput): Promise<Finding[]> {
  if (!settings.smtpUrl)
    return [fine('Mail', `is caught and shown at ${settings.publicUrl}/dev/mail (SMTP_URL sends it for real)`)]
  const url = URL.parse(settings.smtpUrl)
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol))
    return [
      broken(
        'Mail',
        'SMTP_URL is no address of a mail server',
        'It looks like smtps://user:password@mail.example.org.',
      ),
    ]
  try {
    const greeting = await greet(url)
    if (!greeting.startsWith('220'))
      return [broken('Mail', `${url.host} refuses: ${greeting}`, 'Ask who runs the mail server.')]
    const from = process.env['MAIL_FROM']
      ? []
      : [doubtful('MAIL_FROM', 'is not set', 'Set it to an address the mail server may send from.')]
    return [fine('Mail', `${url.host} answers`), ...from]
  } catch (error) {
    return [
      broken(
        'Mail',
        `${url.host} does not answer (${reason(error)})`,
        'Check SMTP_URL and that this machine may connect there.',
      ),
    ]
  }
}

/** An SMTP server speaks first, so this check sends nothing: no sign-in and no mail. */
function greet(url: URL) {
  const secure = url.protocol === 'smtps:'
  const target = { host: url.hostname, port: Number(url.port) || (secure ? 465 : 587), servername: url.hostname }
  return new Promise<string>((resolve, reject) => {
    const socket = secure ? connectTls(target) : connect(target)
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')))
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().split('\r\n')[0]!)
    })
    socket.once('error', reject)
  })
}
