import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { newFolder } from '../../test/folder.ts'
import { checkout } from '../env.ts'
import { readReport, printCosts } from './report.ts'

const here = join(checkout, 'apps/api/src/x.test.ts')

type Shown = { status: string; message?: string; tests: [string, string?][] }

function report(...files: Shown[]) {
  const file = join(newFolder(), 'report.json')
  const testResults = files.map(({ status, message = '', tests }) => ({
    name: here,
    status,
    message,
    assertionResults: tests.map(([one, why]) => ({
      status: one,
      duration: 1_500,
      fullName: 'a rule',
      failureMessages: why ? [why] : [],
    })),
  }))
  writeFileSync(file, JSON.stringify({ testResults }))
  return file
}

test('passed tests are counted; a failed one is named by its file and its rule, with the beginning of its reason', () => {
  const reason = ['\u001b[31mexpected 1 to be 2\u001b[39m', ...Array.from({ length: 50 }, () => '    at deep.ts:1')]
  const file = report(
    { status: 'failed', tests: [['passed'], ['failed', reason.join('\n')], ['skipped']] },
    { status: 'passed', tests: [['passed']] },
  )
  const { passed, failures } = readReport(file, 'exit code 1')
  expect(passed).toBe(2)
  expect(failures).toEqual([
    { where: 'apps/api/src/x.test.ts: a rule', why: expect.stringMatching(/^expected 1 to be 2\n/) },
  ])
  expect(failures[0]!.why.split('\n')).toHaveLength(12)
})

test('a file that did not load is a failure', () => {
  const file = report(
    { status: 'failed', message: 'no such module', tests: [] },
    { status: 'passed', tests: [['passed']] },
  )
  expect(readReport(file, 'exit code 1')).toMatchObject({
    passed: 1,
    failures: [{ where: 'apps/api/src/x.test.ts', why: 'no such module' }],
  })
})

test('a run that ended badly never counts as passed', () => {
  const good = report({ status: 'passed', tests: [['passed']] })
  expect(readReport(good, 'SIGKILL')).toMatchObject({ passed: 1, failures: [{ why: 'SIGKILL' }] })
  expect(readReport('/nowhere/report.json', 'exit code 1')).toMatchObject({
    passed: 0,
    failures: [{ why: 'exit code 1' }],
  })
})

test('the costs of a run are printed by stage, with a sum that leaves out what is done only once, and with its ten slowest tests', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const stages = [
    { name: 'installing', cpuSeconds: 50, apart: true },
    { name: 'check', cpuSeconds: 90 },
    { name: 'e2e', cpuSeconds: 150 },
  ]
  printCosts(
    stages,
    Array.from({ length: 12 }, (_, at) => ({ where: `test ${at}`, seconds: at })),
  )
  const text = log.mock.calls.flat().join('\n')
  log.mockRestore()
  expect(text).toContain('CPU time: 4.0 min')
  expect(text).toContain('50 s  installing (not in the sum)')
  expect(text).toContain('11.0 s  test 11')
  expect(text).not.toContain('test 1\n')
})
