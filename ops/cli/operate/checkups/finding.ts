import type { Settings } from '../../env.ts'
import type { State } from '../state.ts'

/** `idle`: there is nothing to check now, and that is no problem. */
export type Finding = { part: string; state: 'fine' | 'idle' | 'doubtful' | 'broken'; says: string; cure?: string }

/** The input of a checkup. `state` exists only while "up" runs on this data folder. */
export type CheckupInput = { settings: Settings; state: State | undefined }

export type Checkup = (input: CheckupInput) => Promise<Finding[]> | Finding[]

export function fine(part: string, says: string): Finding {
  return { part, state: 'fine', says }
}

export function idle(part: string, says: string): Finding {
  return { part, state: 'idle', says }
}

export function doubtful(part: string, says: string, cure: string): Finding {
  return { part, state: 'doubtful', says, cure }
}

export function broken(part: string, says: string, cure: string): Finding {
  return { part, state: 'broken', says, cure }
}
