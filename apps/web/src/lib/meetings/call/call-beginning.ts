import type { Attendance } from '@veche/shared/meetings'

/**
 * When the first person came to a meeting, in milliseconds of the server's clock: its link may have been made long before. If that cannot
 * be asked, the call begins for this user with their own arrival.
 */
export async function findBeginning(attendance: () => Promise<Attendance>, myArrival: string): Promise<number> {
  const stays = await attendance().catch((): Attendance => [])
  return Date.parse(stays[0]?.cameAt ?? myArrival)
}
