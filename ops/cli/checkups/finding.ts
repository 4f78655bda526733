import type { Settings } from '../env.ts'
import type { State } from '../state.ts'

/** `idle`: there is nothing to look at now, and nothing wrong with that. */
export type Finding = { part: string; state: 'fine' | 'idle' | 'doubtful' | 'broken'; says: string; cure?: string }

/** What a checkup may know; `state` is there only while "up" runs on this data folder. */
export type Patient = { settings: Settings; state: State | undefined }

export type Checkup = (patient: Patient) => Promise<Finding[]> | Finding[]

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
