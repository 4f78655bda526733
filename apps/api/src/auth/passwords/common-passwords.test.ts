import { describe, expect, test } from 'vitest'
import { isCommonPassword } from './common-passwords.ts'

const nobody = { email: 'olga.petrova@example.org', name: 'Ольга Petrova' }
const common = (password: string) => isCommonPassword({ ...nobody, password })

describe('a password is too common when it is', () => {
  test.each([
    ['on the list of those that are guessed first', ['password', 'iloveyou', 'qwertyuiop', '1234567890', 'PassWord1']],
    ['on that list, typed on a keyboard that was not switched', ['йцукенгш', 'ЙЦУКЕНГШЩЗ', 'зфыыцщкв']],
    [
      'a word of this product with digits or signs around it',
      ['veche2026', '!!Вече!!', 'Пароль123', 'veche.admin1'.replace('.', '')],
    ],
    [
      'one’s own address or name, with digits or without',
      ['olga.petrova@example.org', 'Olga.Petrova', 'petrova1987', 'Ольга2026'],
    ],
    ['the same few characters, or one after the other', ['aaaaaaaa', 'abababab', '23456789', 'hgfedcba', '........']],
  ])('a password is too common when it is %s', (_rule, passwords) => {
    for (const password of passwords) expect([password, common(password)]).toEqual([password, true])
  })

  test('passwords that attackers do not try first are accepted', () => {
    const good = [
      'correct horse battery',
      'Olga loves the autumn',
      'veche bell at noon',
      'x7#kfq92!m',
      'ночью все кошки серы',
      '🦊🐻🐼🐨🐯🦁🐮🐷',
    ]
    for (const password of good) expect([password, common(password)]).toEqual([password, false])
  })
})
