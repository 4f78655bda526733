import type { ErrorCode } from '@veche/shared/errors'
import type { Rows } from '@veche/shared/rows/rows'
import type { Command, CommandInputs, CommandName } from '../../store/commands.ts'
import type { LiveApi } from '../connection/live-api.ts'
import type { Store } from '../../store/Store.ts'
import type { UploadProgress } from './UploadProgress.ts'
import type { ServerClock } from '../ServerClock.ts'

/** slow: it may take minutes, such as an upload. Slow commands never delay quick ones. */
export type Pace = 'quick' | 'slow'

export type CommandContext = {
  api: LiveApi
  store: Store
  uploadProgress: UploadProgress
  clock: ServerClock
  /** Resolves when the server knows how far I have read. */
  reportReadPositions: () => Promise<void>
}

export type CommandKind<K extends CommandName> = {
  pace: Pace
  /** Commands of one queue are sent one after the other, in the order of composing. Queues do not wait for each other. */
  queue: (input: CommandInputs[K]) => string
  /** Answers the rows as they are after the change. They are merged in the transaction that deletes the command. */
  request: (context: CommandContext, command: Command<K>, signal: AbortSignal) => Promise<Rows>
  /** Called when a command has left the outbox, because it was done or taken back, and when one may have left it with its chat. */
  whenGone?: (context: CommandContext) => Promise<void>
  /** Called when the person has taken the command back. */
  whenTakenBack?: (context: CommandContext, command: Command) => Promise<void>
  /** With these errors the server says that it will never take the command. After any other error it is sent again. */
  finalErrors: ErrorCode[]
  /** keep: it is shown as refused, and the person sends it again or deletes it. drop: it is deleted, and the person is told why. */
  whenRefused: 'keep' | 'drop'
}
export type CommandKinds = { [K in CommandName]: CommandKind<K> }

const CHAT_ERRORS: ErrorCode[] = ['chat.forbidden', 'chat.not_found', 'input.invalid', 'request.too_large']

/** Most chats are open for long before somebody sends a file. */
const loadFiles = () => import('./send-files.ts')

/** What can be done without a network. A change is shown at once by what reads its rows, such as `chats/my-changes.ts`. */
export const commandKinds: CommandKinds = {
  'messages.send': {
    pace: 'quick',
    queue: ({ chatId }) => `messages ${chatId}`,
    request: async ({ api }, { id, input }) => ({ messages: [(await api.send({ ...input, clientId: id })).message] }),
    finalErrors: [...CHAT_ERRORS, 'message.conflict', 'message.too_long', 'message.empty', 'message.client_id_expired'],
    whenRefused: 'keep',
  },
  'files.send': {
    pace: 'slow',
    // No file waits for another message, and no text for a file.
    queue: ({ files }) => `files ${files[0]?.attachmentId}`,
    request: async (...given) => await (await loadFiles()).sendFiles(...given),
    whenTakenBack: async (...given) => await (await loadFiles()).dropUploads(...given),
    whenGone: async ({ store }) => {
      const [some] = await store.read((tx) => tx.after('attachments', '', { count: 1 }), ['attachments'])
      if (some) await (await loadFiles()).dropUnusedAttachments(store)
    },
    finalErrors: [
      ...CHAT_ERRORS,
      'message.conflict',
      'message.too_long',
      'message.client_id_expired',
      'file.not_found',
      'file.too_large',
      'file.quota_full',
      'file.too_many_unsent',
      'file.unreadable',
    ],
    whenRefused: 'keep',
  },
  'files.listen': {
    pace: 'quick',
    // Those of one chat change the same row of mine one after the other anyway.
    queue: ({ chatId }) => `listen ${chatId}`,
    request: async ({ api }, { input }) => {
      const { message, listened } = await api.markListened(input)
      return { messages: [message], ...(listened ? { listened: [listened] } : {}) }
    },
    finalErrors: [...CHAT_ERRORS, 'message.not_found'],
    whenRefused: 'drop',
  },
  'chats.setMine': {
    pace: 'quick',
    queue: ({ chatId }) => `mine ${chatId}`,
    request: async ({ api, clock, reportReadPositions }, { input, composedAt, byDeviceClock }) => {
      // A read position takes the mark away on the server, so those from before the mark go first.
      if (input.unreadMark) await reportReadPositions()
      const composedMs = Date.parse(composedAt)
      const decidedMs = byDeviceClock ? await clock.serverTimeOf(composedMs) : composedMs
      const mine = { ...input, decidedAt: new Date(decidedMs).toISOString() }
      return { memberships: [(await api.setMine(mine)).membership] }
    },
    finalErrors: CHAT_ERRORS,
    whenRefused: 'drop',
  },
}
