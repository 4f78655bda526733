import type { ChatId, UserId } from '@veche/shared/ids'
import type { Stored } from './record.ts'

/** An absence lasts from the message "removed" or "left" to before the message "added"; `until` is the time of the latter. */
export type Absence = { chatId: ChatId; userId: UserId; from: number; to: number; until: number }

/** Who was absent from which chat, according to its system messages. */
export function absences(stored: Stored[]): Absence[] {
  const all: Absence[] = []
  const open = new Map<string, Absence>()
  for (const row of stored.toSorted((a, b) => a.seq - b.seq)) {
    const { chatId, seq, at } = row
    const gone = goneBy(row)
    if (gone) {
      const absence = { chatId, userId: gone, from: seq, to: Infinity, until: Infinity }
      open.set(memberKey(absence), absence)
      all.push(absence)
    }
    for (const userId of row.system?.event === 'added' ? row.system.userIds : []) {
      const key = memberKey({ chatId, userId })
      const absence = open.get(key)
      if (absence) Object.assign(absence, { to: seq, until: at })
      open.delete(key)
    }
  }
  return all
}

function goneBy({ system, author }: Stored): UserId | undefined {
  if (system?.event === 'removed') return system.userId
  return system?.event === 'left' ? author : undefined
}

export function absencesByMember(stored: Stored[]): Map<string, Absence[]> {
  return Map.groupBy(absences(stored), memberKey)
}

export function memberKey({ chatId, userId }: { chatId: ChatId; userId: UserId }): string {
  return `${chatId} ${userId}`
}
