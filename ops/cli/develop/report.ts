import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { checkout } from '../env.ts'

export type Failure = { where: string; why: string }
export type TestTime = { where: string; seconds: number }
export type Count = { passed: number; failures: Failure[]; times?: TestTime[] }
/** What a part of a run cost. `apart`: it is not in the sum, because it is done once and not on each change. */
export type StageCost = { name: string; cpuSeconds: number; apart?: boolean }

type Result = { status: string; fullName: string; duration?: number | null; failureMessages: string[] | null }
type Report = { testResults: { name: string; status: string; message: string; assertionResults: Result[] }[] }

/** Reads vitest's own report. A run that ended badly has at least one failure: a file that did not load has no tests. */
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
  const times = results.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({
      where: `${relative(checkout, name)}: ${fullName}`,
      seconds: (duration ?? 0) / 1000,
    })),
  )
  return { passed: passed.length, failures, times }
}

/** Prints what the run cost in CPU time, by stage, and the tests that took longest. */
export function printCosts(stages: StageCost[], times: TestTime[]) {
  const minutes = (some: StageCost[]) => `${(sum(some) / 60).toFixed(1)} min`
  console.log(`\nCPU time: ${minutes(stages.filter(({ apart }) => !apart))}`)
  for (const { name, cpuSeconds, apart } of stages)
    console.log(`  ${cpuSeconds.toFixed(0).padStart(5)} s  ${name}${apart ? ' (not in the sum)' : ''}`)
  const slowest = times.toSorted((a, b) => b.seconds - a.seconds).slice(0, 10)
  if (slowest.length) console.log('The tests that took longest:')
  for (const { where, seconds } of slowest) console.log(`  ${seconds.toFixed(1).padStart(5)} s  ${where}`)
}

function sum(stages: StageCost[]) {
  return stages.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0)
}

/** Prints the failures at the very end, where nothing scrolls them away. */
export function printFailures(failures: Failure[]) {
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
