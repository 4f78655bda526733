import type { ServerLocale } from '../platform/server-locale.ts'
import type { Failure } from '../platform/work/due-tables.ts'

const kinds = [
  'unreachable',
  'timeout',
  'tls',
  'auth',
  'address',
  'refused',
  'disk',
  'folder',
  'expired',
  'killed',
  'other',
] as const
type Kind = (typeof kinds)[number]

/** The code or the link in the mail has expired. */
export class LetterExpired extends Error {}

type Thrown = { code?: unknown; responseCode?: unknown; response?: unknown; message?: unknown; name?: unknown }

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof LetterExpired) return { kind: 'expired', answer: '', isTemporary: false }
  const error: Thrown = typeof thrown === 'object' && thrown !== null ? thrown : { message: thrown }
  const kind = kindOf(error)
  const status = typeof error.responseCode === 'number' ? error.responseCode : 0
  const answer = String(error.response ?? error.message ?? '').slice(0, 300)
  // 5xx means "never". A wrong password is a setting that the operator corrects while the mail waits.
  return { kind, answer, isTemporary: !(status >= 500 && status < 600 && (kind === 'address' || kind === 'refused')) }
}

/** The sentence for an administrator, in their language, with the answer of the mail server in brackets. */
export function describeFailure(error: string | null, locale: ServerLocale): string {
  const [, kind = 'other', answer = ''] = /^(\w+)(?:: ([\s\S]*))?$/.exec(error ?? '') ?? []
  const sentence = sentences[locale][kinds.find((known) => known === kind) ?? 'other']
  return answer ? `${sentence} (${answer})` : sentence
}

function kindOf({ code, responseCode, name }: Thrown): Kind {
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  if (typeof code !== 'string') return typeof responseCode === 'number' ? 'refused' : 'other'
  return byCode[code] ?? (typeof responseCode === 'number' ? 'refused' : 'other')
}

const byCode: Record<string, Kind> = {
  ECONNECTION: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EDNS: 'unreachable',
  ESOCKET: 'unreachable',
  ETIMEDOUT: 'timeout',
  ETLS: 'tls',
  EAUTH: 'auth',
  ENOAUTH: 'auth',
  EENVELOPE: 'address',
  EMESSAGE: 'refused',
  EPROTOCOL: 'refused',
  ENOSPC: 'disk',
  EDQUOT: 'disk',
  EACCES: 'folder',
  EROFS: 'folder',
  ENOTDIR: 'folder',
}

const sentences: Record<ServerLocale, Record<Kind, string>> = {
  en: {
    unreachable: 'The mail server could not be reached.',
    timeout: 'The mail server took too long to answer.',
    tls: 'No secure connection to the mail server could be made.',
    auth: 'The mail server refused the user name or password in SMTP_URL.',
    address: 'The mail server refused the address.',
    refused: 'The mail server refused the mail.',
    disk: 'There is no room left on the disk for the local mailbox.',
    folder: 'The local mailbox in the data folder cannot be written to.',
    expired: 'What this mail was to bring had expired before it could be sent.',
    killed: 'The worker was stopped each time while it was sending this mail.',
    other: 'The mail could not be sent.',
  },
  ru: {
    unreachable: 'Почтовый сервер недоступен.',
    timeout: 'Почтовый сервер слишком долго не отвечал.',
    tls: 'Не удалось установить защищённое соединение с почтовым сервером.',
    auth: 'Почтовый сервер не принял имя или пароль из SMTP_URL.',
    address: 'Почтовый сервер не принял адрес.',
    refused: 'Почтовый сервер не принял письмо.',
    disk: 'На диске нет места для локального ящика.',
    folder: 'В локальный ящик в папке данных нельзя записать.',
    expired: 'Срок действия содержимого истёк раньше, чем письмо удалось отправить.',
    killed: 'Каждый раз, когда отправлялось это письмо, обработчик останавливали.',
    other: 'Письмо не удалось отправить.',
  },
}
