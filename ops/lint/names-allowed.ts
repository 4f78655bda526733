/** Words that stood for too many things; the glossary (docs/glossary.md) has the word for each of them. */
export const bannedWords: { word: string; say: string; unless?: RegExp }[] = [
  { word: 'place', say: 'role, seq, seat, placement, slot or cursor', unless: /^(inPlace|replace)/ },
  { word: 'places', say: 'roles, seats, placements or slots' },
  { word: 'door', say: 'signalling, admission, access or HTTP route' },
  { word: 'doors', say: 'signalling, admission, access or HTTP routes' },
  { word: 'dialog', say: 'chat (a dialog is a window on the screen)', unless: /Dialog$|^dialog-/ },
  { word: 'dialogs', say: 'chats' },
  { word: 'talk', say: 'chat or conversation' },
  { word: 'house', say: 'installation' },
  { word: 'life', say: 'connection or boot' },
  { word: 'lane', say: 'the direction of a transport' },
  { word: 'leg', say: 'peer or connection' },
  { word: 'legs', say: 'peers or connections' },
  { word: 'rung', say: 'reconnect step' },
  { word: 'rungs', say: 'reconnect steps' },
  { word: 'heart', say: 'heartbeat' },
  { word: 'fence', say: 'epoch guard', unless: /^Fence$/ },
  { word: 'roster', say: 'participants' },
  { word: 'faces', say: 'participants' },
  { word: 'relays', say: 'ICE servers' },
  { word: 'incoming', say: 'subscriptions' },
  { word: 'outgoing', say: 'publications', unless: /^OutgoingMail$/ },
  { word: 'feed', say: 'subscription' },
  { word: 'refuge', say: 'fallback storage' },
  { word: 'errand', say: 'follow-up' },
  { word: 'errands', say: 'follow-ups' },
  { word: 'intake', say: 'row receiver' },
  { word: 'witness', say: 'page log' },
  { word: 'ear', say: 'recorder' },
  { word: 'patience', say: 'timeout, with its unit' },
  { word: 'at once', say: 'how many in parallel' },
  { word: 'together', say: 'a batch size' },
  { word: 'stir', say: 'broadcast' },
  { word: 'stirring', say: 'broadcasting' },
  { word: 'obey', say: 'apply' },
  { word: 'give way', say: 'hand over' },
  { word: 'heard', say: 'received, or the audience' },
  { word: 'judge', say: 'the verb for what it decides' },
  { word: 'narrow', say: 'filter' },
]

/** Where one name in several files is the convention: the caller always names the file, or the command, as well. */
export const namesInSeveralFiles: { names: RegExp; files: RegExp; reason: string }[] = [
  { names: /^(usage|run)$/, files: /^ops\/(cli|bench)\//, reason: 'Each command has a usage and a run.' },
  {
    names: /./,
    files: /^packages\/shared\/src\/schemas\//,
    reason: 'Schemas are imported as a namespace, one for each feature.',
  },
  { names: /^(up|down)$/, files: /^packages\/db\/migrations\//, reason: 'Each migration has one.' },
]

/** Folders with more than fifteen sources that are still one noun, and why. */
export const crowdedFolders: Record<string, string> = {}
