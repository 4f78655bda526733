import { type AvatarSide, avatarSides } from '@veche/shared/avatars'
import sharp from 'sharp'

export type AvatarPicture = Record<AvatarSide, Uint8Array>

/** Our app sends 640 × 640. What other programs send may be larger, and is still little work. */
const maxPixels = 20_000_000
const webp = { quality: 80, effort: 4 }

/** The middle of the picture as squares, without metadata and without transparency: initials stand behind an avatar. Runs in the child. */
export async function readAvatar(bytes: Uint8Array): Promise<AvatarPicture> {
  const [largest] = avatarSides.toSorted((one, other) => other - one)
  const whole = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
    .autoOrient()
    .resize(largest, largest, { fit: 'cover' })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
  const { data, info: raw } = await whole.raw().toBuffer({ resolveWithObject: true })
  const square = (side: AvatarSide) => sharp(data, { raw }).resize(side, side).webp(webp).toBuffer()
  return { 64: await square(64), 160: await square(160), 640: await square(640) }
}
