import { setTimeout as wait } from 'node:timers/promises'
import type { ChatId } from '@veche/shared/ids'
import type { Pool } from 'pg'
import { deleteMessage } from '../../installation/chats.ts'
import type { Device } from './Device.ts'
import type { Group } from './Groups.ts'
import { insist } from './insist.ts'
import type { Random } from '../Random.ts'

export type TrafficOptions = {
  devices: Device[]
  groups: Group[]
  pool: Pool
  random: Random
  /** How many messages in total, and how many per second. */
  messages: number
  perSecond: number
  until: number
}

/** What people do in a storm: they write, read, page back and delete, and owners add and remove members. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #counts: Record<string, number> = {
    written: 0,
    read: 0,
    'old pages read': 0,
    deleted: 0,
    removed: 0,
    added: 0,
    renamed: 0,
    'names changed': 0,
  }
  #over = false

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  get counts(): Record<string, number> {
    return { ...this.#counts }
  }

  /** Resolves when all messages are written or the time is up. */
  async run(): Promise<void> {
    const { random } = this.#options
    const beside = [
      this.#every(120, () => this.#read()),
      this.#every(700, () => this.#readOldPage()),
      this.#every(400, () => this.#deleteMessage()),
      this.#every(2_500, () => this.#changeName()),
      ...this.#options.groups.map((group) => this.#every(1_800, () => this.#addOrRemoveMember(group))),
    ]
    const { messages, perSecond, until } = this.#options
    for (let at = 1; at <= messages && Date.now() < until; at += 1) {
      await this.#write(at)
      await wait(random.between(0, 2_000 / perSecond))
    }
    this.#over = true
    await Promise.all(beside)
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { random } = this.#options
    while (!this.#over) {
      await wait(random.between(ms / 2, ms * 1.5))
      await work()
    }
  }

  async #write(at: number): Promise<void> {
    const { random } = this.#options
    const device = random.pick(this.#options.devices)!
    const chat = random.pick(await device.chats())
    if (!chat) return
    const words = Array.from({ length: Math.ceil(random.between(1, 12)) }, () => random.pick(vocabulary)!)
    await device.write(chat.id, `${at}. ${words.join(' ')}`)
    this.#count('written')
  }

  async #read(): Promise<void> {
    const { random, devices } = this.#options
    const device = random.pick(devices)!
    const chat = random.pick(await device.chats())
    if (!chat) return
    await device.engine.live.readPositions
      .markRead(chat.id, chat.top - Math.floor(random.between(0, 3)))
      .catch(() => undefined)
    this.#count('read')
  }

  async #readOldPage(): Promise<void> {
    const { random, devices } = this.#options
    const device = random.pick(devices)!
    const chat = random.pick(await device.chats())
    if (!chat || chat.first < 2) return
    // A failed page of old messages is not retried, as a person would just scroll again.
    const page = { chatId: chat.id, before: chat.first, limit: 30 }
    await Promise.race([device.engine.live.historyPages.fetch(page).catch(() => undefined), wait(2_000)])
    this.#count('old pages read')
  }

  async #deleteMessage(): Promise<void> {
    const { random, pool, devices } = this.#options
    const chat = random.pick(await random.pick(devices)!.chats())
    if (!chat || chat.top < 1) return
    const seq = Math.max(1, chat.top - Math.floor(random.between(0, 60)))
    if (await deleteMessage(pool, chat.id, seq).catch(() => false)) this.#count('deleted')
  }

  async #changeName(): Promise<void> {
    const { random, devices } = this.#options
    const name = `${random.pick(vocabulary)} ${Math.floor(random.between(1, 1_000))}`
    await insist(() => random.pick(devices)!.engine.trpc.users.updateProfile.mutate({ name }), isAnswer)
    this.#count('names changed')
  }

  async #addOrRemoveMember(group: Group): Promise<void> {
    const { random } = this.#options
    if (random.chance(0.1)) return this.#rename(group.id, group.owner)
    const chats = group.owner.engine.trpc.chats
    const chatId = group.id
    const userId = random.pick([...(random.chance(0.5) && group.out.size > 0 ? group.out : group.inside)])
    if (!userId) return
    if (group.out.has(userId)) {
      await insist(() => chats.addMembers.mutate({ chatId, userIds: [userId] }), isAnswer)
      group.comes(userId)
      this.#count('added')
    } else {
      await insist(() => chats.removeMember.mutate({ chatId, userId }), isAnswer)
      group.goes(userId)
      this.#count('removed')
    }
  }

  async #rename(chatId: ChatId, owner: Device): Promise<void> {
    const title = `Group ${Math.floor(this.#options.random.between(1, 1_000))}`
    await insist(() => owner.engine.trpc.chats.rename.mutate({ chatId, title }), isAnswer)
    this.#count('renamed')
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1
  }
}

/** When the answer to a removal was lost, the retry is answered "no such member". */
function isAnswer(error: unknown): boolean {
  const data = error instanceof Error && 'data' in error ? (error.data as { veche?: { code?: string } } | null) : null
  return data?.veche?.code === 'user.not_found'
}

const vocabulary =
  'the bell rings over a wet square and people come with bread coats news questions and время пришло 🔔'.split(' ')
