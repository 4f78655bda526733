import { handle } from '@veche/shared/schemas/fields'
import { expect, test } from 'vitest'
import { handleFrom } from './handles.ts'

test.each([
  ['Anna Petrova', 'anna_petrova'],
  ['Анна Щукина', 'anna_shchukina'],
  ['Юрий Объедков', 'yuriy_obedkov'],
  ['Їжак Ґава', 'yizhak_gava'],
  ['José Ångström', 'jose_angstrom'],
  ['  ...Ivan---Ivanov!!', 'ivan_ivanov'],
  ['42 Anna', 'anna'],
  ['李小龍', 'user'],
  ['🙂', 'user'],
  ['Ян', 'yan'],
  ['Al', 'user'],
  ['x'.repeat(64), 'x'.repeat(26)],
  [`${'x'.repeat(25)} y`, 'x'.repeat(25)],
])('the name %s gets the handle @%s', (name, expected) => {
  expect(handleFrom(name)).toBe(expected)
})

test('every derived handle is valid and leaves room for a number', () => {
  for (const name of ['Анна', 'Ёж', "O'Neil", 'Ъ', 'a_b', '__a__', 'İstanbul', 'ﬁne ligature'])
    expect(handle.safeParse(`${handleFrom(name)}99999`).success).toBe(true)
})
