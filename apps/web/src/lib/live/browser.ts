import { plainWorld, type World } from './world.ts'

const ASLEEP_MS = 20_000

/** The surroundings of a tab. */
export function browserWorld(): World {
  return plainWorld({
    online: () => navigator.onLine,
    onWake,
    onNetwork: (call) => listen(call, [window, 'online'], [window, 'offline']),
    locks: 'locks' in navigator ? navigator.locks : undefined,
    channel: 'BroadcastChannel' in window ? (name) => new BroadcastChannel(name) : undefined,
    indexedDB: 'indexedDB' in window ? window.indexedDB : undefined,
  })
}

/** Shown again, or looked at again after a while: the machine may have slept. */
function onWake(call: () => void): () => void {
  let left = Date.now()
  const leave = () => (left = Date.now())
  const enter = () => {
    if (Date.now() - left > ASLEEP_MS) call()
    left = Date.now()
  }
  const show = () => document.visibilityState === 'visible' && call()
  const offs = [
    listen(show, [document, 'visibilitychange'], [window, 'pageshow']),
    listen(leave, [window, 'blur']),
    listen(enter, [window, 'focus']),
  ]
  return () => offs.forEach((off) => off())
}

function listen(call: () => void, ...events: [EventTarget, string][]): () => void {
  const heard = () => call()
  for (const [target, name] of events) target.addEventListener(name, heard)
  return () => {
    for (const [target, name] of events) target.removeEventListener(name, heard)
  }
}
