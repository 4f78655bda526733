import type { UserId } from '@veche/shared/ids'
import type { ChatRole } from '@veche/shared/permissions'
import type { MessageRow } from '@veche/shared/rows/rows'
import { catalogue, type Locale } from '#lib/i18n/catalogue.ts'
import { inQuotesRu } from './quotes.ts'

/** What happened in a group, as sentences. Russian ones keep to the present tense: a name does not tell a gender. */
const words = catalogue({
  en: {
    created: (who: string, title: string) => `${who} created the group “${title}”`,
    renamed: (who: string, title: string) => `${who} renamed the group to “${title}”`,
    added: (who: string, names: string) => `${who} added ${names}`,
    removed: (who: string, name: string) => `${who} removed ${name}`,
    left: (who: string) => `${who} left the group`,
    joined: (who: string) => `${who} joined the group by the link of a meeting`,
    role: (who: string, name: string, role: string) => `${who} made ${name} ${role}`,
    me: 'You',
    me4: 'you',
    owner: 'an owner',
    moderator: 'a moderator',
    member: 'a member',
    and: 'and',
    others: (n: number) => `${n} more`,
  },
  ru: {
    created: (who, title) =>
      who === 'Вы' ? `Вы создали группу ${inQuotesRu(title)}` : `${who} создаёт группу ${inQuotesRu(title)}`,
    renamed: (who, title) =>
      who === 'Вы'
        ? `Вы переименовали группу в ${inQuotesRu(title)}`
        : `${who} переименовывает группу в ${inQuotesRu(title)}`,
    added: (who, names) => (who === 'Вы' ? `Вы добавили в группу: ${names}` : `${who} добавляет в группу: ${names}`),
    removed: (who, name) => (who === 'Вы' ? `Вы удалили из группы: ${name}` : `${who} удаляет из группы: ${name}`),
    left: (who) => (who === 'Вы' ? 'Вы покинули группу' : `${who} покидает группу`),
    joined: (who) =>
      who === 'Вы' ? 'Вы вступили в группу по ссылке на встречу' : `${who} вступает в группу по ссылке на встречу`,
    role: (who, name, role) => `${who === 'Вы' ? 'Вы назначили' : `${who} назначает`}: ${name} теперь ${role}`,
    me: 'Вы',
    me4: 'вы',
    owner: 'владелец',
    moderator: 'модератор',
    member: 'участник',
    and: 'и',
    others: (n) => `ещё ${n}`,
  },
})

const NAMED = 5

export function happened(locale: Locale, row: MessageRow, me: UserId | null, nameOf: (id: UserId) => string): string {
  const { system, authorId } = row
  const t = words[locale]
  const who = authorId === me ? t.me : nameOf(authorId)
  const whom = (id: UserId) => (id === me ? t.me4 : nameOf(id))
  switch (system?.event) {
    case 'created':
      return t.created(who, system.title)
    case 'renamed':
      return t.renamed(who, system.title)
    case 'added':
      return t.added(who, listed(locale, system.userIds.map(whom)))
    case 'removed':
      return t.removed(who, whom(system.userId))
    case 'left':
      return t.left(who)
    case 'joined':
      return t.joined(who)
    case 'role':
      return t.role(who, whom(system.userId), roleName(locale, system.role))
    case undefined:
      return ''
  }
}

function roleName(locale: Locale, role: ChatRole): string {
  return words[locale][role]
}

/** "Ann, Ben and Cem"; of many only the first are named. */
function listed(locale: Locale, names: string[]): string {
  const t = words[locale]
  const shown = names.length > NAMED ? [...names.slice(0, NAMED - 1), t.others(names.length - NAMED + 1)] : names
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} ${t.and} ${shown.at(-1)}`
}
