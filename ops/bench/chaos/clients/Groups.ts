import type { ChatId, UserId } from '@veche/shared/ids'
import type { Pool } from 'pg'
import { addChats, type NewChat } from '../../installation/chats.ts'
import type { Person } from '../../installation/people.ts'
import type { Device } from './Device.ts'
import type { Random } from '../Random.ts'

export type Plan = NewChat & { id: ChatId }

/** One chat of all people, two direct chats, and groups of about half of the people; every third group hides its history from new members. */
export async function planChats(pool: Pool, people: Person[], count: number, random: Random): Promise<Plan[]> {
  const plans = Array.from({ length: count }, (_, at): NewChat => {
    const members = random.shuffled(people).map(({ userId }) => userId)
    if (at < 2) return { title: null, members: members.slice(0, 2) }
    const size = at === 2 ? members.length : Math.floor(random.between(members.length / 3, (members.length * 2) / 3))
    return { title: `Group ${at}`, members: members.slice(0, size), historyForNew: at % 3 !== 0 }
  })
  const ids = await addChats(pool, plans)
  return plans.map((plan, at) => ({ ...plan, id: ids[at]! }))
}

/** The members of a group as its owner knows them. The owner never leaves. */
export class Group {
  readonly id: ChatId
  readonly owner: Device
  readonly inside: Set<UserId>
  readonly out = new Set<UserId>()

  constructor({ id, members }: Plan, devices: Device[]) {
    this.id = id
    this.owner = devices.find(({ person }) => person.userId === members[0])!
    this.inside = new Set(members.slice(1))
  }

  comes(userId: UserId): void {
    this.out.delete(userId)
    this.inside.add(userId)
  }

  goes(userId: UserId): void {
    this.inside.delete(userId)
    this.out.add(userId)
  }
}
