/** What a page has measured of itself. Times are milliseconds since its document began to load. */
export type PageProbe = {
  /** The first chat was in the list. */
  firstRowAt: number | null
  /** When the answer of the sign-in was there. */
  signedInAt: number | null
  longTasks: number[]
  /** How long a click would have waited for the main thread, looked at every 10 ms. */
  waits: number[]
  maxRows: number
}

declare global {
  var probe: PageProbe
}

/** Runs in each document before its own code. */
export function startProbe(): void {
  const probe: PageProbe = { firstRowAt: null, signedInAt: null, longTasks: [], waits: [], maxRows: 0 }
  globalThis.probe = probe
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) probe.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceResourceTiming[])
      if (entry.name.includes('auth.signIn')) probe.signedInAt = entry.responseEnd
  }).observe({ type: 'resource', buffered: true })
  let due = performance.now() + 10
  const tick = () => {
    const now = performance.now()
    probe.waits.push(Math.max(0, now - due))
    due = now + 10
    setTimeout(tick, 10)
  }
  setTimeout(tick, 10)
  const look = () => {
    const rows = document.querySelectorAll('section.chats li').length
    probe.maxRows = Math.max(probe.maxRows, rows)
    if (rows > 0) probe.firstRowAt ??= performance.now()
    // Each frame until there is a row; then seldom, to take no time from the app.
    if (rows > 0) setTimeout(look, 100)
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** Resolves when the database of the page holds that many chats, with the milliseconds since the document began to load. */
export async function untilHeld({ name, chats }: { name: string; chats: number }): Promise<number> {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 100))
  while (!(await indexedDB.databases()).some((each) => each.name === name && (each.version ?? 0) > 0)) await pause()
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const count = () =>
    new Promise<number>((resolve, reject) => {
      const request = database.transaction('chats').objectStore('chats').count()
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  while ((await count()) < chats) await pause()
  database.close()
  return performance.now()
}

/** Scrolls the list to its end as a person would with the wheel; answers the slowest frame, and the title of the last row. */
export async function scrollList(): Promise<{ slowestFrame: number; last: string }> {
  const list = document.querySelector('section.chats .scroll')!
  let slowestFrame = 0
  let before = performance.now()
  const end = before + 5_000
  let stood = 0
  while (performance.now() < end && stood < 20) {
    const top = list.scrollTop
    list.scrollTop += 1_500
    const now = await new Promise<number>(requestAnimationFrame)
    slowestFrame = Math.max(slowestFrame, now - before)
    before = now
    stood = list.scrollTop === top ? stood + 1 : 0
  }
  // The rest at once, as with the key End.
  for (let last = -1; last !== list.scrollTop;) {
    last = list.scrollTop
    list.scrollTop = list.scrollHeight
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  return {
    slowestFrame,
    last: [...document.querySelectorAll('section.chats li')].at(-1)?.getAttribute('aria-label') ?? '',
  }
}

/** Clicks on the chat, and answers the milliseconds until a message of it is on the screen. */
export async function openChat(title: string): Promise<number> {
  const link = document.querySelector<HTMLElement>(`section.chats li[aria-label="${title}"] a`)!
  const start = performance.now()
  link.click()
  const shown = () =>
    document
      .querySelector(`section.conversation[aria-label="${title}"] .log.ready`)
      ?.textContent.includes('of the morning')
  while (!shown()) await new Promise(requestAnimationFrame)
  return performance.now() - start
}
