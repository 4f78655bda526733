import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../test/folder.ts'
import { readReport } from './report.ts'

function report(...files: { status: string; tests: string[] }[]) {
  const file = join(newFolder(), 'report.json')
  const testResults = files.map(({ status, tests }) => ({
    name: 'x',
    status,
    assertionResults: tests.map((one) => ({ status: one })),
  }))
  writeFileSync(file, JSON.stringify({ testResults }))
  return file
}

test('passed and failed tests are counted', () => {
  const file = report({ status: 'failed', tests: ['passed', 'failed'] }, { status: 'passed', tests: ['passed'] })
  expect(readReport(file, 'exit code 1')).toEqual({ passed: 2, failed: 1 })
})

test('a file that did not load counts as a failure', () => {
  expect(
    readReport(report({ status: 'failed', tests: [] }, { status: 'passed', tests: ['passed'] }), 'exit code 1'),
  ).toEqual({ passed: 1, failed: 1 })
})

test('a run that ended badly never counts as passed', () => {
  expect(readReport(report({ status: 'passed', tests: ['passed'] }), 'SIGKILL')).toEqual({ passed: 1, failed: 1 })
  expect(readReport('/nowhere/report.json', 'exit code 1')).toEqual({ passed: 0, failed: 1 })
})
