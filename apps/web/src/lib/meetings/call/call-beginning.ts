import type { Attendance } from '@veche/shared/meetings'

/**
 * When the first person came to a meeting, in milliseconds of the server's clock: its link may have been made long before. 0 when that
 * cannot be asked; the call shows no clock then.
 */
export async function findBeginning(attendance: () => Promise<Attendance>): Promise<number> {
  const [first] = await attendance().catch((): Attendance => [])
  return first ? Date.parse(first.cameAt) : 0
}
