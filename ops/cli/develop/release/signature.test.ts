import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder } from '../../../test/folder.ts'
import { publicKeyOf, signArchive, signingKey, verifyArchive } from './signature.ts'

async function signed() {
  const folder = newFolder()
  const archive = join(folder, 'veche.tar.gz')
  writeFileSync(archive, 'what a machine needs')
  const key = join(folder, 'key')
  await signArchive(archive, signingKey(key))
  return { folder, archive, key }
}

test('an archive is accepted with the key that signed it, and the private key is made once and is for its owner only', async () => {
  const { archive, key } = await signed()
  await verifyArchive(archive, publicKeyOf(`${key}.pub`))
  const before = readFileSync(key, 'utf8')
  signingKey(key)
  expect([readFileSync(key, 'utf8'), statSync(key).mode & 0o777]).toEqual([before, 0o600])
})

test('an archive that was changed is refused, also when its checksum was written anew', async () => {
  const { folder, archive, key } = await signed()
  writeFileSync(archive, 'what a machine needs, and a worm')
  await expect(verifyArchive(archive, publicKeyOf(`${key}.pub`))).rejects.toThrow('is not the archive that was signed')
  const signature = readFileSync(`${archive}.sha256.sig`)
  await signArchive(archive, signingKey(join(folder, 'key of another')))
  await expect(verifyArchive(archive, publicKeyOf(`${key}.pub`))).rejects.toThrow('was not signed with this key')
  writeFileSync(`${archive}.sha256.sig`, signature)
  await expect(verifyArchive(archive, publicKeyOf(`${key}.pub`))).rejects.toThrow('was not signed with this key')
})

test('a missing signature and a file that is no key are named', async () => {
  const { folder, archive, key } = await signed()
  expect(() => publicKeyOf(archive)).toThrow('holds no public key')
  expect(() => signingKey(archive)).toThrow('holds no Ed25519 key')
  const other = join(folder, 'other.tar.gz')
  await expect(verifyArchive(other, publicKeyOf(`${key}.pub`))).rejects.toThrow('other.tar.gz.sha256 is missing')
})
