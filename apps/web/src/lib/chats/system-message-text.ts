import type { UserId } from '@veche/shared/ids'
import type { MessageRow } from '@veche/shared/rows/rows'
import { formatList } from '#lib/i18n/formats.ts'
import type { Locale } from '#lib/i18n/languages.ts'
import { wordsIn, wordsOf } from '#lib/i18n/words.ts'
import type { MessageReader } from './message-kinds.ts'

/** Russian sentences stand in the present tense, because the past tense needs the gender of the person. */
const words = wordsOf('systemMessages')

const MAX_NAMES = 5

export function systemMessageText(locale: Locale, message: MessageRow, { me, nameOf }: MessageReader): string {
  const { system, authorId } = message
  const t = wordsIn(locale, words)
  const doer = { by: authorId === me ? 'me' : 'other', who: nameOf(authorId) }
  const whom = (id: UserId) => (id === me ? t.meObject : nameOf(id))
  switch (system?.event) {
    case 'created':
      return t.created({ ...doer, title: system.title })
    case 'renamed':
      return t.renamed({ ...doer, title: system.title })
    case 'avatar':
      return t.avatar(doer)
    case 'added':
      return t.added({ ...doer, names: listNames(locale, system.userIds.map(whom)) })
    case 'removed':
      return t.removed({ ...doer, name: whom(system.userId) })
    case 'left':
      return t.left(doer)
    case 'joined':
      return t.joined(doer)
    case 'role':
      // Nobody did it: all owners were disabled.
      if (system.userId === authorId && system.role === 'owner') return t.inherited(doer)
      return t.role({ ...doer, name: whom(system.userId), role: system.role })
    case undefined:
      return ''
  }
}

/** "Ann, Ben and Cem"; of many only the first are named. */
function listNames(locale: Locale, names: string[]): string {
  if (names.length <= MAX_NAMES) return formatList(locale, names)
  const count = names.length - MAX_NAMES + 1
  return formatList(locale, [...names.slice(0, MAX_NAMES - 1), wordsIn(locale, words).others({ count })])
}
