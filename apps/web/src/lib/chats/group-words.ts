import { wordsOf } from '#lib/i18n/words.ts'

/** Words for menus, details, new chats and members. They are apart from `chatWords`, which the first screen needs. */
export const groupWords = wordsOf('groups')
