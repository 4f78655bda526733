import { readFileSync } from 'node:fs'

export type Count = { passed: number; failed: number }

type Report = { testResults: { name: string; status: string; assertionResults: { status: string }[] }[] }

/** Counts vitest's own report, and never less than one failure for a run that ended badly: a file that did not load has no tests. */
export function readReport(file: string, how: string): Count {
  const count = { passed: 0, failed: 0 }
  for (const { status, assertionResults } of results(file)) {
    const failed = assertionResults.filter((one) => one.status === 'failed').length
    count.passed += assertionResults.filter((one) => one.status === 'passed').length
    count.failed += failed || (status === 'failed' ? 1 : 0)
  }
  if (how !== 'exit code 0' && !count.failed) count.failed = 1
  return count
}

function results(file: string): Report['testResults'] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Report).testResults
  } catch {
    return []
  }
}
