export type BrowserName = 'chromium' | 'firefox' | 'webkit'

/** The browser that the walks of this run use: `./veche test --long` repeats some of them in others. */
export function browserOfRun(): BrowserName {
  return (process.env['VECHE_BROWSER'] || 'chromium') as BrowserName
}
