import { expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { pluralEn, pluralRu } from './plural.ts'
import { tied } from './typography.ts'

test.each([
  [1, '1 message', '1 сообщение'],
  [2, '2 messages', '2 сообщения'],
  [5, '5 messages', '5 сообщений'],
  [11, '11 messages', '11 сообщений'],
  [21, '21 messages', '21 сообщение'],
  [112, '112 messages', '112 сообщений'],
  [0, '0 messages', '0 сообщений'],
])('%i messages are counted rightly in both languages', (count, en, ru) => {
  expect(pluralEn(count, 'message', 'messages')).toBe(en)
  expect(pluralRu(count, 'сообщение', 'сообщения', 'сообщений')).toBe(ru.replace(' ', '\u00a0'))
})

test('short Russian words stay with the next one, and a dash with the one before', () => {
  expect(tied('Не в сети, но я и ты — на месте')).toBe(
    'Не\u00a0в\u00a0сети, но\u00a0я\u00a0и\u00a0ты\u00a0— на\u00a0месте',
  )
  expect(tied('Сообщение отправлено')).toBe('Сообщение отправлено')
})

test('what is put into a Russian sentence is tied as well, and English is left as it is', () => {
  const words = catalogue({ en: { to: (who: string) => `To ${who} in it` }, ru: { to: (who) => `К ${who} в нём` } })
  expect(words.ru.to('Анне')).toBe('К\u00a0Анне в\u00a0нём')
  expect(words.en.to('Anna')).toBe('To Anna in it')
})
