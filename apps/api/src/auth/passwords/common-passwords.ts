import { dictionary } from '@zxcvbn-ts/language-common'
import { must } from '../../errors.ts'

export type ChosenPassword = { password: string; email: string; name: string }

/** Throws for passwords that attackers try first: those on the list, words of this product, and the person's own name or address. */
export function requireUncommonPassword(chosen: ChosenPassword): void {
  must(!isCommonPassword(chosen), 'auth.password_common')
}

export function isCommonPassword({ password, email, name }: ChosenPassword): boolean {
  const typed = password.toLowerCase()
  const core = coreOf(typed)
  const own = [email, email.split('@')[0] ?? '', name, ...name.split(' ')].map((word) => word.toLowerCase())
  return (
    mostCommon.has(typed) ||
    mostCommon.has(asOnLatinKeys(typed)) ||
    productWords.has(core) ||
    own.some((word) => word.length > 2 && (typed === word || core === coreOf(word))) ||
    isMonotonous(typed)
  )
}

const mostCommon = new Set(dictionary['passwords-common'])

const productWords = new Set(['veche', 'вече', 'vechepassword', 'vecheadmin', 'пароль', 'password', 'qwerty', 'йцукен'])

/** Without the digits and signs around it: they do not make a word hard to guess. */
function coreOf(text: string): string {
  const core = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  return core.length > 2 ? core : text
}

/** "йцукенгш" is "qwertyui" on a keyboard that was not switched. */
function asOnLatinKeys(text: string): string {
  return [...text].map((letter) => latinKeys[cyrillicKeys.indexOf(letter)] ?? letter).join('')
}

const cyrillicKeys = 'йцукенгшщзхъфывапролджэячсмитьбю'
const latinKeys = "qwertyuiop[]asdfghjkl;'zxcvbnm,."

/** One or two characters repeated, or each the next of the one before: "aaaaaaaa", "abababab", "23456789". */
function isMonotonous(text: string): boolean {
  const points = [...text].map((letter) => letter.codePointAt(0) ?? 0)
  const steps = new Set(points.slice(1).map((point, i) => point - (points[i] ?? 0)))
  return new Set(points).size < 3 || (steps.size === 1 && Math.abs([...steps][0] ?? 0) <= 1)
}
