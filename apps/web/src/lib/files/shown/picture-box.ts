const MAX_SIDE = 420
const MIN_SIDE = 96

/** How large a picture or a video is in its bubble, before its bytes are here. A panorama or a long screenshot is cut, so that it stays visible. */
export function pictureBox({ width, height }: { width: number | null; height: number | null }) {
  if (!width || !height) return { width: 280, ratio: 4 / 3 }
  const scale = Math.min(1, MAX_SIDE / width, MAX_SIDE / height)
  return { width: Math.max(MIN_SIDE, Math.round(width * scale)), ratio: Math.min(4, Math.max(0.4, width / height)) }
}
