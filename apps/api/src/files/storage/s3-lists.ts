import type { S3Client } from './S3Client.ts'
import { elementsOf, textOf } from './s3-xml.ts'

/** Without the prefix of this installation; `since` in ms. */
export type ListedUpload = { key: string; uploadId: string; since: number }
export type ListedObject = { key: string; since: number }

/** The multipart uploads that have begun and are not complete, of keys with this beginning. */
export async function* listUploads(client: S3Client, beginning: string): AsyncGenerator<ListedUpload> {
  for (let after: Record<string, string> | null = {}; after;) {
    const text = await client.list({ uploads: '', ...after }, beginning)
    for (const upload of elementsOf(text, 'Upload')) {
      const key = client.ownKey(textOf(upload, 'Key') ?? '')
      const uploadId = textOf(upload, 'UploadId')
      if (key !== null && uploadId) yield { key, uploadId, since: Date.parse(textOf(upload, 'Initiated') ?? '') }
    }
    const [key, id] = [textOf(text, 'NextKeyMarker'), textOf(text, 'NextUploadIdMarker')]
    after = isCut(text) && key ? { 'key-marker': key, ...(id ? { 'upload-id-marker': id } : {}) } : null
  }
}

/** The objects whose keys have this beginning. */
export async function* listObjects(client: S3Client, beginning: string): AsyncGenerator<ListedObject> {
  for (let after: Record<string, string> | null = {}; after;) {
    const text = await client.list({ 'list-type': '2', ...after }, beginning)
    for (const object of elementsOf(text, 'Contents')) {
      const key = client.ownKey(textOf(object, 'Key') ?? '')
      if (key !== null) yield { key, since: Date.parse(textOf(object, 'LastModified') ?? '') }
    }
    const token = textOf(text, 'NextContinuationToken')
    after = isCut(text) && token ? { 'continuation-token': token } : null
  }
}

function isCut(text: string): boolean {
  return textOf(text, 'IsTruncated') === 'true'
}
