import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CommandError, reason } from '../../errors.ts'

/** The line of `sha256sum`. It is what is signed, so an archive of any size is read once and never held in memory. */
async function checksumLine(archive: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(archive), hash)
  return `${hash.digest('hex')}  ${basename(archive)}\n`
}

/** Writes `<archive>.sha256` and its signature `<archive>.sha256.sig` (Ed25519, base64). */
export async function signArchive(archive: string, key: KeyObject): Promise<void> {
  const line = await checksumLine(archive)
  writeFileSync(`${archive}.sha256`, line)
  writeFileSync(`${archive}.sha256.sig`, `${sign(null, Buffer.from(line), key).toString('base64')}\n`)
}

/** Throws unless the archive is the one that was signed, and the key is the one that signed it. */
export async function verifyArchive(archive: string, publicKey: KeyObject): Promise<void> {
  const line = read(`${archive}.sha256`)
  const signature = Buffer.from(read(`${archive}.sha256.sig`), 'base64')
  if (!verify(null, Buffer.from(line), publicKey, signature))
    throw new CommandError('The checksum was not signed with this key.')
  if ((await checksumLine(archive)) !== line)
    throw new CommandError(`${basename(archive)} is not the archive that was signed.`)
}

/** The key of the one who makes releases. Without a file a new key is made. */
export function signingKey(file: string): KeyObject {
  if (!existsSync(file)) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
    writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }))
    console.log(`  A new key is in ${file}; keep it. Those who install check with ${file}.pub.`)
  }
  try {
    const key = createPrivateKey(readFileSync(file))
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // The sentence below says it.
  }
  throw new CommandError(`${file} holds no Ed25519 key in PEM.`)
}

export function publicKeyOf(file: string): KeyObject {
  try {
    return createPublicKey(readFileSync(file))
  } catch (error) {
    throw new CommandError(`${file} holds no public key: ${reason(error)}`)
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CommandError(`${basename(file)} is missing beside the archive.`)
  }
}
