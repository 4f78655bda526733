/** The processes of a chat server, each with its descendants. */
export type ServerProcesses = { server: number; postgres: number; redis?: number }

export type ChatPlan = {
  chats: number
  membersEach: number
  /** Chats of different plans have different titles. */
  title: string
}

/** A running chat server in a folder and on ports of its own. */
export interface ChatServer {
  readonly name: string
  readonly processes: ServerProcesses
  /** What the server wrote last, for a failed run. */
  readonly lastLines: string
  /** All members of new chats, connected and ready to receive. Neighbours in the list are members of different chats. */
  openClients(plan: ChatPlan): Promise<ChatClient[]>
  /** Rows in the table of messages. */
  countRows(): Promise<number>
  /** Messages of the clients' chats as the protocol counts them, where it does. The clients must be connected. */
  countArchived?(clients: ChatClient[]): Promise<number>
  stop(): Promise<void>
}

/** One member of one chat. */
export abstract class ChatClient {
  readonly chat: string
  bytesReceived = 0
  lost = false
  /** Called with the number of each message that arrives. */
  received: (number: number) => void = () => undefined

  constructor(chat: string) {
    this.chat = chat
  }

  /** Resolves when the server has acknowledged the message, or at once where it does not acknowledge. */
  abstract send(number: number, words: string): Promise<void>
  abstract close(): void
}

/** Lists members so that neighbours are members of different chats. */
export function inTurns<T>(chats: T[][]): T[] {
  return (chats[0] ?? []).flatMap((_, member) => chats.map((members) => members[member]!))
}
