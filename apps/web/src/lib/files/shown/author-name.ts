import type { UserId } from '@veche/shared/ids'
import type { Live } from '#lib/live/live.svelte.ts'

/** Who sent it, in the words of the screen that shows it. */
export function authorName(
  live: Pick<Live, 'me' | 'people'>,
  authorId: UserId,
  words: { you: string; someone: string },
): string {
  return authorId === live.me ? words.you : live.people.get(authorId)?.name || words.someone
}
