import { expect, test } from 'vitest'
import { splitLinks } from './links.ts'

const linked = (text: string) => splitLinks(text).flatMap(({ text: shown, href }) => (href ? [[shown, href]] : []))

test('web and mail addresses become links, with and without their scheme', () => {
  expect(linked('see https://example.org/a?b=1#c, example.com and me@example.org.')).toEqual([
    ['https://example.org/a?b=1#c', 'https://example.org/a?b=1#c'],
    ['example.com', 'http://example.com'],
    ['me@example.org', 'mailto:me@example.org'],
  ])
})

test('nothing else becomes a link: no script, no file, no other scheme', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'ftp://example.org/x',
    '//example.org/x',
    'vbscript:x',
  ])
    expect(linked(text).filter(([, href]) => !/^(https?:\/\/|mailto:)/.test(href ?? ''))).toEqual([])
  expect(linked('javascript:alert(1)')).toEqual([])
})

test('splitting keeps every character of the text, once and in order', () => {
  for (const text of ['', 'plain', '<b>https://example.org</b>', 'a\nb  c https://пример.рф/путь конец'])
    expect(
      splitLinks(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text)
})
