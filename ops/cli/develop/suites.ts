/** The browsers that repeat walks; which ones is in e2e/repeated-walks.ts. */
export const otherBrowsers = { firefox: 'Firefox', webkit: 'WebKitGTK' }

export type SuiteChoice = {
  filters: string[]
  long: boolean
  /** The only browser that repeats walks, in a run of nothing else. */
  browser: string | undefined
}

/** One run of vitest. */
export type Suite = {
  title: string
  /** The name of the file with its report. */
  name: string
  folder?: string
  projects?: string[]
  filters: string[]
  files: TestFiles
  /** Another browser than Chromium. */
  browser?: string
}

/** `long`: those that take long and keep the machine busy by themselves (`*.long.test.ts`), one after the other. */
export type TestFiles = 'usual' | 'long' | 'all'

/** The arguments of vitest for them. It knows patterns of what is left out only. */
export const testFileArguments: Record<TestFiles, string[]> = {
  usual: ['--exclude', '**/*.long.test.ts'],
  long: ['--exclude', '**/!(*.long).test.ts', '--no-file-parallelism'],
  all: [],
}

export function includesCheck({ filters, browser }: SuiteChoice): boolean {
  return browser === undefined && filters.length === 0
}

/** What `./veche test` runs besides the check, one after the other. */
export function suitesOf({ filters, long, browser: only }: SuiteChoice): Suite[] {
  const walks = { projects: ['--project', '@veche/e2e'], filters }
  const others = { projects: ['--project', '!@veche/e2e'], filters }
  const web = { folder: 'apps/web', filters: inside('apps/web', filters) }
  const common: Suite[] = [
    { title: 'unit and integration tests', name: 'tests', files: 'usual', ...others },
    { title: 'tests of the web app', name: 'web', files: 'usual', ...web },
    ...(long ? [{ title: 'tests that take long', name: 'long', files: 'long' as const, ...others }] : []),
    { title: 'end-to-end tests', name: 'e2e', files: long ? 'all' : 'usual', ...walks },
  ]
  const repeated = Object.entries(otherBrowsers)
    .filter(([browser]) => (only === undefined ? long : browser === only))
    .map(([browser, title]) => ({
      title: `end-to-end tests in ${title}`,
      name: `e2e-${browser}`,
      browser,
      files: 'usual' as const,
      ...walks,
    }))
  return only === undefined ? [...common, ...repeated] : repeated
}

/** Filters are parts of paths from the root, and this run looks from a folder; the folder itself is no filter there. */
function inside(folder: string, filters: string[]) {
  return filters.map((filter) => (filter === folder ? '' : filter.replace(`${folder}/`, '')))
}
