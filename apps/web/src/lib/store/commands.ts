import type { ErrorCode, LimitBytes } from '@veche/shared/errors'
import type { ChatId, ClientId } from '@veche/shared/ids'
import type { SetMine } from '@veche/shared/schemas/chats'

/** What the server gets from each kind of command. The keys are names of procedures. */
export type CommandInputs = {
  'messages.send': { chatId: ChatId; body: string }
  'files.send': { chatId: ChatId; body: string; files: AttachedFile[]; voice?: true }
  'files.listen': { chatId: ChatId; seq: number }
  'chats.setMine': Omit<SetMine, 'decidedAt'>
}
export type CommandName = keyof CommandInputs

/** A change that was made on this device and that the server has not acknowledged yet. */
export type Command<K extends CommandName = CommandName> = { [Kind in K]: CommandOf<Kind> }[K]
/** What a command is composed from. */
export type NewCommand = { [K in CommandName]: Pick<CommandOf<K>, 'kind' | 'chatId' | 'input'> }[CommandName]
export type MessageCommand = Command<'messages.send' | 'files.send'>

/** A file that is to be sent. Its bytes are in the table of attachments. */
export type AttachedFile = {
  attachmentId: string
  name: string
  size: number
  mime: string
  width?: number
  height?: number
  thumbhash?: string
  durationMs?: number
  waveform?: string
}

type CommandOf<K extends CommandName> = {
  /** The client id: however often the command is sent, the server does it once. */
  id: ClientId
  kind: K
  input: CommandInputs[K]
  /** The chat that it belongs to: when the chat is dropped, so is the command. */
  chatId: ChatId | null
  /** The order in which commands were composed, over all queues and tabs of this device. */
  order: number
  composedAt: string
  /** Set when the time of the server was not known yet: `composedAt` is by the clock of this device. */
  byDeviceClock?: true
  /** Why the server will never take it. Only a message stays after that: the person sends it again or deletes it. */
  refusal: ErrorCode | null
  /** The person holds it back for a while: it is sent when they say so. */
  paused?: true
  /** The limit that it was refused by. */
  refusedBytes?: LimitBytes | undefined
  /**
   * Where the uploads of its files go on that have begun, by attachment. They are not beside the bytes: a browser that writes a row again
   * copies its bytes again.
   */
  uploadUrls?: { [attachmentId: string]: string }
}

export function isMessage(command: Command): command is MessageCommand {
  return command.kind === 'messages.send' || command.kind === 'files.send'
}

export function byOrder(one: Command, other: Command): number {
  return one.order - other.order
}
