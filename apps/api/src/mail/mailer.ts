import { hostname } from 'node:os'
import type { MailId } from '@veche/shared/ids'
import { createTransport } from 'nodemailer'
import type { Env } from '../env.ts'
import { writeToMailbox } from './mailbox.ts'
import type { MailText } from './text.ts'

export type OutgoingMail = MailText & { id: MailId; to: string }

/** Sends mail to a mail server, or to the local mailbox while no server is set. */
export type Mailer = {
  kind: 'smtp' | 'mailbox'
  send: (mail: OutgoingMail) => Promise<void>
  /** Resolves when mail could be sent now. */
  verify: () => Promise<void>
  close: () => void
}

/** The lease of a claim is longer. */
export const sendTimeoutMs = 60_000

export function createMailer(env: Env): Mailer {
  return env.SMTP_URL ? smtp(env, env.SMTP_URL) : mailbox(env)
}

/** For nodemailer. The Message-ID comes from the row, so mail programs show a mail that is sent twice once. */
function envelope(env: Env, { id, to, subject, text, html }: OutgoingMail) {
  const host = new URL(env.PUBLIC_URL).hostname
  return {
    from: env.MAIL_FROM ?? { name: env.SERVER_NAME, address: `veche@${/^[a-z]/i.test(host) ? host : hostname()}` },
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function smtp(env: Env, url: string): Mailer {
  const pool = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    // The row decides on another try, not the pool.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
  })
  return {
    kind: 'smtp',
    // A server that sends a byte now and then never reaches the timeouts of the socket, but it reaches this one.
    send: async (mail) => {
      await pool.sendMail({ ...envelope(env, mail), signal: AbortSignal.timeout(sendTimeoutMs) })
    },
    verify: async () => {
      await pool.verify()
    },
    close: () => pool.close(),
  }
}

function mailbox(env: Env): Mailer {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  return {
    kind: 'mailbox',
    send: async (mail) => {
      const { message } = await composer.sendMail(envelope(env, mail))
      await writeToMailbox(env, mail, message as Buffer)
    },
    verify: async () => undefined,
    close: () => undefined,
  }
}
