import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { ContentId } from '@veche/shared/ids'
import type { UploadProgress } from '../uploads/UploadProgress.ts'

/** Which bytes of a content: those that were uploaded, the preview of this many pixels, or the version that every browser plays. */
export type Variant = 'original' | 'rendition' | number

/** As it stands in an address. */
export const variantSchema = z.union([
  z.literal('original'),
  z.literal('rendition'),
  z
    .string()
    .regex(/^[1-9]\d{0,4}$/)
    .transform(Number),
])

export type ByteRange = { start: number; end: number }

/** How a download names itself in a signed address. */
export type SignedDownload = { id: ContentId; variant: Variant; mime: string; disposition: string }

/** Where the bytes of all contents are kept. Each call fails with `file.unavailable` while that place does not answer. */
export type FileStorage = {
  /** Before the first bytes come. */
  create(id: ContentId): Promise<void>
  /**
   * Stores the chunks from `upload.offset` on, also when the sender breaks off, and notes up to where the bytes are safe. Returns that
   * offset.
   */
  write(upload: UploadProgress, chunks: AsyncIterable<Buffer>): Promise<number>
  /** Makes one content of an upload that has all its bytes. Twice is the same as once. */
  finish(upload: UploadProgress): Promise<void>
  /** A preview is either there as a whole or not at all. */
  writeVariant(id: ContentId, variant: Variant, bytes: Uint8Array): Promise<void>
  /** Takes a file that was made on this machine, and may be large. */
  moveToVariant(id: ContentId, variant: Variant, from: string): Promise<void>
  /** Resolves when the first bytes are known to come. */
  read(id: ContentId, variant: Variant, range?: ByteRange): Promise<Readable>
  /** Null when it is not there. */
  sizeOf(id: ContentId, variant: Variant): Promise<number | null>
  /** Gives `run` the path of a file with the original bytes, which may be gone when it is done. */
  withLocalCopy<T>(id: ContentId, run: (path: string) => Promise<T>): Promise<T>
  /** Removes all that there is of a content, and of an upload that is not complete. */
  remove(id: ContentId, variants: readonly Variant[]): Promise<void>
  removeVariant(id: ContentId, variant: Variant): Promise<void>
  /** How many bytes may still be written, and how many the whole disk has. Null where nothing says so. */
  space(): Promise<{ free: number; total: number } | null>
  /** An address of the place itself that opens for up to a minute. Null when it has none. */
  signedUrl(download: SignedDownload, now: number): Promise<string | null>
  /** Removes what killed processes have left: parts of uploads that `isHeld` does not know. */
  removeLeftovers(isHeld: (left: Leftover) => Promise<boolean>): Promise<void>
  close(): Promise<void>
}

/** A part of an upload that stands outside of its content: a multipart upload, or the tail that is no whole part yet. */
export type Leftover = { contentId: ContentId } & ({ multipartId: string } | { tail: string })
