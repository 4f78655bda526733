import type { ServerLocale } from '../platform/server-locale.ts'
import type { Letter } from './letters.ts'

export type MailText = { subject: string; text: string; html: string }
export type MailInput = { letter: Letter; locale: ServerLocale; serverName: string; publicUrl: string }

/** The mail as text and as HTML. Names are typed by people, so each is escaped. */
export function writeMail(input: MailInput): MailText {
  const { letter, locale, serverName, publicUrl } = input
  const content = letter.template === 'reset' ? resetContent(input, letter) : invitationContent(input, letter)
  const { subject, paragraphs, code, link, note } = content
  const foot = `${serverName} · ${publicUrl}`
  const middle = code ?? link?.url ?? ''
  const text = [...paragraphs, middle, note, '--', foot].join('\n\n')
  return { subject, text: `${text}\n`, html: toHtml(content, foot, locale) }
}

type Content = {
  subject: string
  paragraphs: string[]
  code?: string
  link?: { url: string; label: string }
  note: string
}

type Of<T extends Letter['template']> = Extract<Letter, { template: T }>

function resetContent({ locale, serverName }: MailInput, { code }: Of<'reset'>): Content {
  if (locale === 'ru')
    return {
      subject: `Код для смены пароля: ${serverName}`,
      paragraphs: ['Здравствуйте!', `Чтобы задать новый пароль в «${serverName}», введите этот код:`],
      code,
      note: 'Код действует 10\u00a0минут и только один раз. Если вы его не запрашивали, ничего делать не нужно: пароль остаётся прежним.',
    }
  return {
    subject: `Your code for a new password: ${serverName}`,
    paragraphs: ['Hello,', `To set a new password at ${serverName}, enter this code:`],
    code,
    note: 'The code works for 10 minutes and once only. If you did not ask for it, there is nothing to do: your password stays as it is.',
  }
}

function invitationContent({ locale, serverName }: MailInput, { link, inviter, expiresAt }: Of<'invitation'>): Content {
  const until = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(expiresAt))
  if (locale === 'ru')
    return {
      subject: `${inviter} приглашает вас в «${serverName}»`,
      paragraphs: ['Здравствуйте!', `${inviter} приглашает вас в «${serverName}». Создайте учётную запись по ссылке:`],
      link: { url: link, label: 'Принять приглашение' },
      note: `Ссылка действует до\u00a0${until} и только для этого адреса.`,
    }
  return {
    subject: `${inviter} invites you to ${serverName}`,
    paragraphs: ['Hello,', `${inviter} invites you to ${serverName}. Create your account with this link:`],
    link: { url: link, label: 'Accept the invitation' },
    note: `The link works until ${until}, for this address only.`,
  }
}

// Mail programs read styles of elements only, no style sheets.
const styles = {
  body: 'margin:0;padding:24px;background:#f3f5f4;font:16px/1.5 system-ui,sans-serif;color:#1c2422',
  card: 'max-width:480px;margin:0 auto;padding:28px;background:#ffffff;border-radius:12px',
  code: 'margin:24px 0;font:600 32px/1 ui-monospace,monospace;letter-spacing:6px',
  link: 'display:inline-block;padding:12px 20px;border-radius:8px;background:#0b6b62;color:#ffffff;text-decoration:none',
  small: 'font-size:13px;color:#5b6663',
}

function toHtml({ paragraphs, code, link, note }: Content, foot: string, locale: string): string {
  const button = link && `<p><a href="${escapeHtml(link.url)}" style="${styles.link}">${escapeHtml(link.label)}</a></p>`
  const parts = [
    ...paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
    code && `<p style="${styles.code}">${escapeHtml(code)}</p>`,
    button,
    link && `<p style="${styles.small}">${escapeHtml(link.url)}</p>`,
    `<p>${escapeHtml(note)}</p>`,
    `<p style="${styles.small}">${escapeHtml(foot)}</p>`,
  ]
  return `<!doctype html><html lang="${locale}"><body style="${styles.body}"><div style="${styles.card}">${parts
    .filter(Boolean)
    .join('')}</div></body></html>`
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
