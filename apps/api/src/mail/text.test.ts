import { describe, expect, test } from 'vitest'
import type { ServerLocale } from '../platform/server-locale.ts'
import { writeMail, type MailInput } from './text.ts'

const expiresAt = '2026-11-20T12:00:00.000Z'
const base = { serverName: 'Veche', publicUrl: 'https://chat.example.org' }

function writing(letter: MailInput['letter'], locale: ServerLocale): MailInput {
  return { ...base, letter, locale }
}

describe('what a mail says', () => {
  test('the reset mail carries the code in both languages, as text and as HTML', () => {
    for (const locale of ['ru', 'en'] as const) {
      const { subject, text, html } = writeMail(writing({ template: 'reset', code: '012345', expiresAt }, locale))
      expect(subject).toContain('Veche')
      expect(subject).not.toContain('012345')
      expect(text).toContain('\n012345\n')
      expect(html).toContain('>012345<')
      expect(html).toContain(`lang="${locale}"`)
    }
  })

  test('the invitation mail carries the link and the day on which it expires', () => {
    const link = 'https://chat.example.org/signup?invite=abc'
    const letter = { template: 'invitation' as const, link, inviter: 'Анна', expiresAt }
    const ru = writeMail(writing(letter, 'ru'))
    expect(ru.subject).toBe('Анна приглашает вас в «Veche»')
    expect(ru.text).toContain(link)
    expect(ru.text).toContain('20 ноября 2026')
    expect(writeMail(writing(letter, 'en')).text).toContain('November 20, 2026')
    expect(ru.html).toContain(`href="${link}"`)
  })

  test('names and links never become markup in a mail', () => {
    const inviter = `"><script>alert('1')</script>&amp;`
    const { html, text } = writeMail(
      writing({ template: 'invitation', link: 'https://x.example/?a=1&b="><img>', inviter, expiresAt }, 'en'),
    )
    expect(html).not.toMatch(/<script|<img|"><img|&amp;/)
    expect(text).toContain(inviter)
  })
})
