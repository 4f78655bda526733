/**
 * The version of what the API, media nodes and browsers say to each other about meetings. It rises with a change that an older side would
 * misunderstand. New keys and new words are no such change: who does not know them ignores them.
 */
export const protocol = { version: 1, oldest: 1 } as const

export function isTooOld(version: number): boolean {
  return version < protocol.oldest
}
