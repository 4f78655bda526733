import type { ContentId } from '@veche/shared/ids'
import type { Variant } from './FileStorage.ts'

export const tailFolder = 'tails/'

export function objectKey(id: ContentId, variant: Variant): string {
  return variant === 'original' ? id : `${id}.${variant}`
}

export function tailKey(id: ContentId, tail: string): string {
  return `${tailFolder}${id}.${tail}`
}

/** Of which upload a tail is. */
export function readTailKey(key: string): { contentId: ContentId; tail: string } {
  const [contentId, tail = ''] = key.slice(tailFolder.length).split('.') as [ContentId, string?]
  return { contentId, tail }
}
