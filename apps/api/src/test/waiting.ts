/** For `vi.waitFor`. The bound is generous, so that a busy machine does not decide a result. */
export const waitBounds = { timeout: 60_000, interval: 50 }
