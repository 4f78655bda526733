export type Blocked = 'denied' | 'missing' | 'busy' | 'system'

/** My microphone or camera in the call. */
export class Own {
  /** The others can hear or see it now. */
  on = $state(false)
  /** The person wants it on; it may be on its way, or blocked. */
  wanted = $state(false)
  /** The seat may use it. */
  allowed = $state(true)
  /** Why it cannot be on; `system`: another programme or a telephone call holds it, it is taken back by itself. */
  blocked = $state<Blocked | null>(null)
  /** It is on and nothing comes out of it: a silent microphone, a camera that stands still. `repair('mic')` opens it anew. */
  silent = $state(false)
  /** From 0 to 1, also while muted; 0 for cameras. */
  level = $state(0)
}
