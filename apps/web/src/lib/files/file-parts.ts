/** What an open chat has for files and voice messages, in its composer and in its bubbles: one piece of code, loaded once. */
export { default as Attach } from './Attach.svelte'
export { default as MessageFiles } from './MessageFiles.svelte'
export { default as SharedFilesEntry } from './gallery/SharedFilesEntry.svelte'
export { followDeletedFiles } from './kept/deleted-files.ts'
export { default as PlaybackBar } from './playback/PlaybackBar.svelte'
export { sendPicked } from './send-picked.ts'
export { default as VoiceComposer } from './voice/VoiceComposer.svelte'
