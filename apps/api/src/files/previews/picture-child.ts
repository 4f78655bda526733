/**
 * Decodes pictures that anybody may have sent, in a process of its own that may be killed at any time: `PictureMaker` starts it, sends
 * one question at a time, and bounds its time and memory.
 */
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import { type AvatarPicture, readAvatar } from './avatar-picture.ts'
import { previewSides } from './previewable.ts'

export type Picture = {
  width: number
  height: number
  thumbhash: Uint8Array
  previews: { side: number; bytes: Uint8Array }[]
}
/** The path of a picture whose previews are asked for, or the bytes of an avatar. */
export type PictureQuestion = string | { avatar: Uint8Array }
export type PictureAnswer<Made> = { picture: Made } | { refusal: string }

/** More than any camera makes, and less than takes the child for long. */
const maxPixels = 120_000_000
/** A picture with sixteen bits for each colour takes twice as much of everything. */
const maxDeepPixels = 60_000_000
/** Of an animation: what comes after them is left out, so that a long one costs no more than a short one. */
const maxFrames = 120
const maxAnimatedPixels = 60_000_000
/** More effort costs a quarter more time here, and saves three thousandths of the bytes. */
const webp = { quality: 78, effort: 0 }

sharp.cache(false)
sharp.concurrency(1)

process.on('message', (question: PictureQuestion) => {
  const reading = typeof question === 'string' ? readPicture(question) : readAvatar(question.avatar)
  void reading
    .then((picture): PictureAnswer<Picture | AvatarPicture> => ({ picture }))
    .catch((error: unknown): PictureAnswer<never> => ({
      refusal: error instanceof Error ? error.message : String(error),
    }))
    .then((answer) => process.send!(answer))
})
process.on('disconnect', () => process.exit())

async function readPicture(path: string): Promise<Picture> {
  const open = (options: SharpOptions = {}) => sharp(path, { limitInputPixels: maxPixels, failOn: 'error', ...options })
  const { width, height, pages = 1, pageHeight, orientation = 1, depth } = await open().metadata()
  if (depth !== 'uchar' && width * height > maxDeepPixels) throw new Error('it has too many pixels of this depth')
  const isTurned = orientation >= 5
  const size = { width, height: pageHeight ?? height }
  const [largest, ...smaller] = [...previewSides].sort((a, b) => b - a)
  const frames = Math.min(pages, maxFrames)
  const isAnimated = frames > 1 && size.width * size.height * frames <= maxAnimatedPixels
  const first = await pixelsOf(open().autoOrient(), largest!)
  const still = (side: number) => shrink(fromPixels(first), side).webp(webp).toBuffer()
  const moving = (side: number) =>
    shrink(open({ animated: true, pages: frames }), side)
      .webp(webp)
      .toBuffer()
  const previews = []
  for (const side of [largest!, ...smaller])
    previews.push({ side, bytes: await (isAnimated ? moving(side) : still(side)) })
  return {
    ...(isTurned ? { width: size.height, height: size.width } : size),
    thumbhash: await thumbhashOf(fromPixels(first)),
    previews,
  }
}

type Pixels = Awaited<ReturnType<typeof pixelsOf>>

/** The picture is decoded once: everything that is still is made from the largest preview. */
function pixelsOf(image: Sharp, side: number) {
  return shrink(image, side).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
}

function fromPixels({ data, info: { width, height, channels } }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}

function shrink(image: Sharp, side: number): Sharp {
  return image.resize(side, side, { fit: 'inside', withoutEnlargement: true })
}

async function thumbhashOf(image: Sharp): Promise<Uint8Array> {
  const small = image.resize(100, 100, { fit: 'inside', withoutEnlargement: true }).ensureAlpha().raw()
  const { data, info } = await small.toBuffer({ resolveWithObject: true })
  return rgbaToThumbHash(info.width, info.height, data)
}
