import { hostname } from 'node:os'
import type { MailId } from '@veche/shared/ids'
import { createTransport } from 'nodemailer'
import type { Env } from '../env.ts'
import { keepLocally } from './mailbox.ts'
import type { Written } from './text.ts'

export type Outgoing = Written & { id: MailId; to: string }

/** The way out for mail: a mail server, or the local mailbox while none is set. */
export type Mailer = {
  kind: 'smtp' | 'mailbox'
  send: (mail: Outgoing) => Promise<void>
  /** Resolves when mail could be handed over now. */
  verify: () => Promise<void>
  close: () => void
}

/** The longest that one mail may take; the lease of a claim is longer. */
export const sendingMs = 60_000

export function createMailer(env: Env): Mailer {
  return env.SMTP_URL ? smtp(env, env.SMTP_URL) : mailbox(env)
}

/** What nodemailer is told of a mail. The Message-ID comes from the row: sent twice, it is shown once. */
export function envelope(env: Env, { id, to, subject, text, html }: Outgoing) {
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
    // The row decides about another try, not the pool.
    maxRequeues: 0,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    dnsTimeout: 10_000,
  })
  return {
    kind: 'smtp',
    // A server that answers a byte at a time never trips a timeout of the socket; this one it does.
    send: async (mail) => {
      await pool.sendMail({ ...envelope(env, mail), signal: AbortSignal.timeout(sendingMs) })
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
      await keepLocally(env, mail, message as Buffer)
    },
    verify: async () => undefined,
    close: () => undefined,
  }
}
