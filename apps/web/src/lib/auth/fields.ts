import { cleanLine, codePoints, composed, limits } from '@veche/shared/limits'
import type { WordsIn } from '#lib/i18n/words.ts'

/** The key of the sentence that says what is wrong. The server checks again; this saves a round trip. */
type FieldProblem =
  | 'needName'
  | 'longName'
  | 'needEmail'
  | 'needPassword'
  | 'shortPassword'
  | 'longPassword'
  | 'needCode'

export function problemText(t: WordsIn<'auth'>, problem: FieldProblem): string {
  if (problem === 'longName') return t.longName(limits.name)
  if (problem === 'shortPassword' || problem === 'longPassword') return t[problem](limits.password)
  return t[problem]
}

export function nameProblem(name: string): FieldProblem | null {
  const length = codePoints(cleanLine(name))
  return length < limits.name.min ? 'needName' : length > limits.name.max ? 'longName' : null
}

export function emailProblem(email: string): FieldProblem | null {
  const text = email.trim()
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text) && text.length <= limits.email ? null : 'needEmail'
}

export function newPasswordProblem(password: string): FieldProblem | null {
  const length = codePoints(composed(password))
  return length < limits.password.min ? 'shortPassword' : length > limits.password.max ? 'longPassword' : null
}

export function codeProblem(code: string): FieldProblem | null {
  return /^\d{6}$/.test(code.trim()) ? null : 'needCode'
}
