export type Stop = () => void

/** Monotonic time in milliseconds. Tests use a clock that they move by hand. */
export type Clock = {
  now(): number
  after(ms: number, act: () => void): Stop
  every(ms: number, act: () => void): Stop
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref()
    return () => clearTimeout(timer)
  },
  every: (ms, act) => {
    const timer = setInterval(act, ms).unref()
    return () => clearInterval(timer)
  },
}
