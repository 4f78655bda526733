/** Calls `run` after each local midnight, also after one that the machine has slept through. Returns a function that stops it. */
export function watchMidnight(run: () => void): () => void {
  let day = startOfDay()
  let timer: ReturnType<typeof setTimeout> | undefined
  const check = () => {
    clearTimeout(timer)
    timer = setTimeout(check, startOfDay(1) - Date.now())
    if (startOfDay() === day) return
    day = startOfDay()
    run()
  }
  check()
  document.addEventListener('visibilitychange', check)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', check)
  }
}

/** Local midnight of today, or of the day that is `later` days after it. */
function startOfDay(later = 0): number {
  const now = new Date()
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + later).getTime()
}
