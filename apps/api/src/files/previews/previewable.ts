/** The longer side of each preview, in pixels: in the history, and in the viewer. */
export const previewSides = [320, 1280] as const

export const previewMime = 'image/webp'

const pictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/apng']

/** Whether there is something to make a preview of. */
export function isPreviewable(mime: string): boolean {
  return pictures.includes(mime)
}
