import type { MediaFacts } from './probe.ts'

type Video = NonNullable<MediaFacts['video']>

/** Scales to at most so many pixels on the longer side, in square pixels and plain colours. H.264 wants even numbers. */
export function scaleFilters({ width, height, isHdr }: Video, longest: number): string[] {
  const factor = Math.min(1, longest / Math.max(width, height))
  const even = (length: number) => Math.max(2, Math.round((length * factor) / 2) * 2)
  const size = [`scale=${even(width)}:${even(height)}`, 'setsar=1']
  return isHdr ? [...size, ...toneMap, 'format=yuv420p'] : [...size, 'format=yuv420p']
}

/** Phones record more light than a plain picture holds: without this it looks grey. */
const toneMap = [
  'zscale=t=linear:npl=203',
  'format=gbrpf32le',
  'zscale=p=bt709',
  'tonemap=hable:desat=0',
  'zscale=t=bt709:m=bt709:r=tv',
]
