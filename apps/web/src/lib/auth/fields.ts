import { cleanLine, codePoints, limits } from '@veche/shared/limits'
import type { authWords } from './catalogue.ts'

/** The key of the sentence that says what is wrong. The server checks again; this saves a round trip. */
type FieldProblem = Extract<
  keyof (typeof authWords)['en'],
  'needName' | 'longName' | 'needEmail' | 'needPassword' | 'shortPassword' | 'longPassword' | 'needCode'
>

export function nameProblem(name: string): FieldProblem | null {
  const length = codePoints(cleanLine(name))
  return length < limits.name.min ? 'needName' : length > limits.name.max ? 'longName' : null
}

export function emailProblem(email: string): FieldProblem | null {
  const text = email.trim()
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text) && text.length <= limits.email ? null : 'needEmail'
}

export function newPasswordProblem(password: string): FieldProblem | null {
  const length = codePoints(password.normalize('NFC'))
  return length < limits.password.min ? 'shortPassword' : length > limits.password.max ? 'longPassword' : null
}

export function codeProblem(code: string): FieldProblem | null {
  return /^\d{6}$/.test(code.trim()) ? null : 'needCode'
}
