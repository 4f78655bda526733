import type { UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { catalogue, type Locale } from '#lib/i18n/catalogue.ts'
import type { MessageReader } from './message-kinds.ts'
import { inQuotesRu } from './quotes.ts'

/** The sentences of system messages. Russian ones stand in the present tense, because its past tense needs the gender of the person. */
const words = catalogue({
  en: {
    created: (who: string, title: string) => `${who} created the group “${title}”`,
    renamed: (who: string, title: string) => `${who} renamed the group to “${title}”`,
    added: (who: string, names: string) => `${who} added ${names}`,
    removed: (who: string, name: string) => `${who} removed ${name}`,
    left: (who: string) => `${who} left the group`,
    joined: (who: string) => `${who} joined the group by the link of a meeting`,
    role: (who: string, name: string, role: string) => `${who} made ${name} ${role}`,
    inherited: (who: string) => (who === 'You' ? 'You are an owner now' : `${who} is an owner now`),
    me: 'You',
    meObject: 'you',
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
    inherited: (who) => `${who} теперь владелец`,
    me: 'Вы',
    meObject: 'вы',
    owner: 'владелец',
    moderator: 'модератор',
    member: 'участник',
    and: 'и',
    others: (n) => `ещё ${n}`,
  },
})

const MAX_NAMES = 5

export function systemMessageText(locale: Locale, message: MessageRow, { me, nameOf }: MessageReader): string {
  const { system, authorId } = message
  const t = words[locale]
  const who = authorId === me ? t.me : nameOf(authorId)
  const whom = (id: UserId) => (id === me ? t.meObject : nameOf(id))
  switch (system?.event) {
    case 'created':
      return t.created(who, system.title)
    case 'renamed':
      return t.renamed(who, system.title)
    case 'added':
      return t.added(who, joinNames(locale, system.userIds.map(whom)))
    case 'removed':
      return t.removed(who, whom(system.userId))
    case 'left':
      return t.left(who)
    case 'joined':
      return t.joined(who)
    case 'role':
      // Nobody did it: all owners were disabled.
      if (system.userId === authorId && system.role === 'owner') return t.inherited(who)
      return t.role(who, whom(system.userId), t[system.role])
    case undefined:
      return ''
  }
}

/** "Ann, Ben and Cem"; of many only the first are named. */
function joinNames(locale: Locale, names: string[]): string {
  const t = words[locale]
  const shown =
    names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES - 1), t.others(names.length - MAX_NAMES + 1)] : names
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} ${t.and} ${shown.at(-1)}`
}
