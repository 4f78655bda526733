import { dictionary } from '@zxcvbn-ts/language-common'
import { must } from '../errors.ts'

export type Chosen = { password: string; email: string; name: string }

/** A password that is tried first by those who guess: from the list, a word of this product, or who one is. */
export function mustBeUncommon(chosen: Chosen): void {
  must(!isCommon(chosen), 'auth.password_common')
}

export function isCommon({ password, email, name }: Chosen): boolean {
  const typed = password.toLowerCase()
  const core = coreOf(typed)
  // Nothing but digits and signs around it hides no word.
  const own = [email, email.split('@')[0] ?? '', name, ...name.split(' ')].map((word) => word.toLowerCase())
  return (
    listed.has(typed) ||
    listed.has(asOnLatinKeys(typed)) ||
    productWords.has(core) ||
    own.some((word) => word.length > 2 && (typed === word || core === coreOf(word))) ||
    isMonotonous(typed)
  )
}

const listed = new Set(dictionary['passwords-common'])

const productWords = new Set(['veche', 'вече', 'vechepassword', 'vecheadmin', 'пароль', 'password', 'qwerty', 'йцукен'])

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

/** One or two characters over and over, or one step after the other: "aaaaaaaa", "abababab", "23456789". */
function isMonotonous(text: string): boolean {
  const points = [...text].map((letter) => letter.codePointAt(0) ?? 0)
  const steps = new Set(points.slice(1).map((point, i) => point - (points[i] ?? 0)))
  return new Set(points).size < 3 || (steps.size === 1 && Math.abs([...steps][0] ?? 0) <= 1)
}
