import type { ChatId, UserId } from '@veche/shared/ids'
import type { Stored } from './record.ts'

/** From the message that says "removed" or "left" up to, not including, the one that says "added"; `until` is when that was written. */
export type Absence = { chatId: ChatId; userId: UserId; from: number; to: number; until: number }

/** Who was away from where, as the chats themselves tell it. */
export function absences(stored: Stored[]): Absence[] {
  const all: Absence[] = []
  const open = new Map<string, Absence>()
  for (const row of stored.toSorted((a, b) => a.seq - b.seq)) {
    const { chatId, seq, at } = row
    const gone = goneBy(row)
    if (gone) {
      const absence = { chatId, userId: gone, from: seq, to: Infinity, until: Infinity }
      open.set(placeOf(absence), absence)
      all.push(absence)
    }
    for (const userId of row.system?.event === 'added' ? row.system.userIds : []) {
      const place = placeOf({ chatId, userId })
      const absence = open.get(place)
      if (absence) Object.assign(absence, { to: seq, until: at })
      open.delete(place)
    }
  }
  return all
}

function goneBy({ system, author }: Stored): UserId | undefined {
  if (system?.event === 'removed') return system.userId
  return system?.event === 'left' ? author : undefined
}

export function absencesByPlace(stored: Stored[]): Map<string, Absence[]> {
  return Map.groupBy(absences(stored), placeOf)
}

export function placeOf({ chatId, userId }: { chatId: ChatId; userId: UserId }): string {
  return `${chatId} ${userId}`
}
