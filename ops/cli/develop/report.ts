import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { checkout } from '../env.ts'

export type Failure = { where: string; why: string }
export type Count = { passed: number; failures: Failure[] }

type Result = { status: string; fullName: string; failureMessages: string[] | null }
type Report = { testResults: { name: string; status: string; message: string; assertionResults: Result[] }[] }

/** Reads vitest's own report, and finds never less than one failure in a run that ended badly: a file that did not load has no tests. */
export function readReport(file: string, how: string): Count {
  const results = read(file)
  const failures = results.flatMap(({ name, status, message, assertionResults }) => {
    const path = relative(checkout, name)
    const failed = assertionResults
      .filter((one) => one.status === 'failed')
      .map((one) => ({ where: `${path}: ${one.fullName}`, why: plain(one.failureMessages?.join('\n')) }))
    return failed.length || status !== 'failed' ? failed : [{ where: path, why: plain(message) }]
  })
  if (how !== 'exit code 0' && !failures.length) failures.push({ where: relative(checkout, file), why: how })
  const passed = results.flatMap((one) => one.assertionResults).filter((one) => one.status === 'passed')
  return { passed: passed.length, failures }
}

/** At the very end, where nothing scrolls it away. */
export function tell(failures: Failure[]) {
  for (const { where, why } of failures) console.log(`\n✗ ${where}\n${why.replace(/^(?=.)/gm, '  ')}`)
}

const shownLines = 12

function plain(message = '') {
  return stripVTControlCharacters(message).trim().split('\n').slice(0, shownLines).join('\n')
}

function read(file: string): Report['testResults'] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Report).testResults
  } catch {
    return []
  }
}
