/** How long a sound or a video is, as a clock: 0:07, 12:48, 1:02:03. */
export function clockText(ms: number): string {
  return new Date(ms + 500)
    .toISOString()
    .slice(11, 19)
    .replace(/^(00:)?0?/, '')
}
