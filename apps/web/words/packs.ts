/**
 * Which messages travel together: one chunk a pack and language. A namespace that is not named here is in the pack "later", whose chunk
 * is loaded before the first screen that needs it.
 */
const packs: Record<string, readonly string[]> = {
  first: ['ui', 'frame', 'chats', 'systemMessages', 'presence', 'conversation', 'callMessage', 'fileMessage'],
  signIn: ['auth'],
  public: ['public'],
  call: ['call', 'meetings'],
  errors: ['errors', 'retry'],
}

export const packNames = [...Object.keys(packs), 'later']

export function packOf(namespace: string): string {
  return Object.keys(packs).find((pack) => packs[pack]?.includes(namespace)) ?? 'later'
}
