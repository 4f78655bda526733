import { expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { pluralEn, pluralRu } from './plural.ts'
import { tieShortWords } from './typography.ts'

test.each([
  [1, '1 message', '1 сообщение'],
  [2, '2 messages', '2 сообщения'],
  [5, '5 messages', '5 сообщений'],
  [11, '11 messages', '11 сообщений'],
  [21, '21 messages', '21 сообщение'],
  [112, '112 messages', '112 сообщений'],
  [0, '0 messages', '0 сообщений'],
])('%i messages have the right plural form in both languages', (count, en, ru) => {
  expect(pluralEn(count, 'message', 'messages')).toBe(en)
  expect(pluralRu(count, 'сообщение', 'сообщения', 'сообщений')).toBe(ru.replace(' ', '\u00a0'))
})

test('a short Russian word is tied to the next word, and a dash to the word before it', () => {
  expect(tieShortWords('Не в сети, но я и ты — на месте')).toBe(
    'Не\u00a0в\u00a0сети, но\u00a0я\u00a0и\u00a0ты\u00a0— на\u00a0месте',
  )
  expect(tieShortWords('Сообщение отправлено')).toBe('Сообщение отправлено')
})

test('a value in a Russian text is tied like the text itself, and an English text is not changed', () => {
  const words = catalogue({ en: { to: (who: string) => `To ${who} in it` }, ru: { to: (who) => `К ${who} в нём` } })
  expect(words.ru.to('Анне')).toBe('К\u00a0Анне в\u00a0нём')
  expect(words.en.to('Anna')).toBe('To Anna in it')
})
