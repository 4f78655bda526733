import { readStored, writeStored } from '../browser/storage.ts'
import { defaultEnvironment, type Environment } from './environment.ts'

/** After this time without focus, the machine may have slept. */
const MAYBE_ASLEEP_MS = 20_000

/** The environment of a browser tab. */
export function browserEnvironment(): Environment {
  return defaultEnvironment({
    online: () => navigator.onLine,
    onWake,
    onNetwork: (run) => listen(run, [window, 'online'], [window, 'offline']),
    locks: 'locks' in navigator ? navigator.locks : undefined,
    channel: 'BroadcastChannel' in window ? (name) => new BroadcastChannel(name) : undefined,
    indexedDB: 'indexedDB' in window ? window.indexedDB : undefined,
    persistStorage,
  })
}

/** Once on this device, because Firefox asks the person. */
function persistStorage(): void {
  if (readStored('veche.persisted') !== null || !writeStored('veche.persisted', 'asked')) return
  navigator.storage?.persist?.().catch(() => undefined)
}

/** Runs it when the tab is shown again, or gets the focus after a while. */
function onWake(run: () => void): () => void {
  let leftAt = Date.now()
  const leave = () => (leftAt = Date.now())
  const enter = () => {
    if (Date.now() - leftAt > MAYBE_ASLEEP_MS) run()
    leftAt = Date.now()
  }
  const show = () => document.visibilityState === 'visible' && run()
  const offs = [
    listen(show, [document, 'visibilitychange'], [window, 'pageshow']),
    listen(leave, [window, 'blur']),
    listen(enter, [window, 'focus']),
  ]
  return () => offs.forEach((off) => off())
}

function listen(run: () => void, ...events: [EventTarget, string][]): () => void {
  const listener = () => run()
  for (const [target, name] of events) target.addEventListener(name, listener)
  return () => {
    for (const [target, name] of events) target.removeEventListener(name, listener)
  }
}
