import type { ChatId } from '@veche/shared/ids'

/** What the page tells the service worker about the files that it keeps. */
export type KeptFilesCommand =
  | { act: 'limit'; maxBytes: number }
  | { act: 'forget'; chatId: ChatId; seqs: number[] | 'all' }
  | { act: 'empty' }
  | { act: 'use' }
export type KeptFilesMessage = { type: 'KEPT_FILES'; command: KeptFilesCommand }
export type KeptFilesUse = { bytes: number; maxBytes: number }
