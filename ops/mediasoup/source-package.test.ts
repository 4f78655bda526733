import { expect, test } from 'vitest'
import { asSources } from './source-package.ts'

test('source lines of the one-line format keep their options', () => {
  const text = [
    '# deb http://commented.example/debian stable main',
    'deb [arch=amd64 signed-by=/usr/share/keyrings/one.gpg] http://one.example/debian stable main contrib',
    'deb-src http://two.example/debian stable main',
    '',
  ].join('\n')
  expect(asSources(text, false)).toEqual({
    lines: ['deb-src [arch=amd64 signed-by=/usr/share/keyrings/one.gpg] http://one.example/debian stable main contrib'],
    stanzas: [],
  })
})

test('enabled stanzas of the deb822 format become source stanzas', () => {
  const text = [
    'Types: deb',
    '# http://commented.example',
    'URIs: http://one.example/debian',
    'Suites: stable stable-updates',
    'Components: main',
    'Signed-By: /usr/share/keyrings/one.gpg',
    '',
    'Types: deb deb-src',
    'URIs: http://two.example/debian',
    '',
    'Enabled: no',
    'Types: deb',
    'URIs: http://three.example/debian',
    '',
    'Types: deb-src',
    'URIs: http://four.example/debian',
  ].join('\n')
  expect(asSources(text, true).stanzas).toEqual([
    [
      'Types: deb-src',
      'URIs: http://one.example/debian',
      'Suites: stable stable-updates',
      'Components: main',
      'Signed-By: /usr/share/keyrings/one.gpg',
    ].join('\n'),
    'Types: deb-src\nURIs: http://two.example/debian',
  ])
})
