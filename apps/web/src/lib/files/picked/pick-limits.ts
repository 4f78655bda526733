import { AppError } from '#lib/api/error.ts'
import type { Api } from '#lib/api/client.ts'

type FileUse = Awaited<ReturnType<Api['files']['use']['query']>>

export type Checked = {
  files: File[]
  refused: File[]
  /** Why some are not among them. */
  refusal: AppError | null
}

/** Leaves out what the server would refuse, before anything is uploaded: files that are too large, and all from where there is no room. */
export function withinLimits(picked: File[], { usedBytes, maxBytes, fileMaxBytes }: FileUse): Checked {
  const small = picked.filter(({ size }) => size <= fileMaxBytes)
  let refusal =
    small.length < picked.length ? new AppError('file.too_large', { bytes: { used: 0, max: fileMaxBytes } }) : null
  const files: File[] = []
  let used = usedBytes
  for (const file of small) {
    if (used + file.size > maxBytes) {
      refusal ??= new AppError('file.quota_full', { bytes: { used: usedBytes, max: maxBytes } })
      continue
    }
    used += file.size
    files.push(file)
  }
  return { files, refused: picked.filter((file) => !files.includes(file)), refusal }
}
