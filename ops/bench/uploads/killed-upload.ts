import { createHash } from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type ChatId, newId } from '@veche/shared/ids'
import { limits } from '@veche/shared/limits'
import { addFiles, Engine, uploadFile } from '../chaos/clients/engine.ts'
import type { Random } from '../chaos/Random.ts'
import type { BenchInstallation } from '../installation/BenchInstallation.ts'
import { addPeople, type Person } from '../installation/people.ts'

export type KilledUpload = { installation: BenchInstallation; bytes: Buffer; kills: number; random: Random }

export type Arrival = {
  sha256: string
  /** How many pieces the client began to send. */
  piecesSent: number
  fileId: string
  contentId: string
}

/** Sends a file by the client that the app is built on, while the API and the worker are killed at random moments. */
export async function uploadWhileKilled({ installation, bytes, kills, random }: KilledUpload): Promise<Arrival> {
  const [person] = await addPeople(installation.pool, 1)
  const client = await openClient(installation, person!)
  const pieces = watchPieces()
  try {
    const chatId = newId<ChatId>()
    await client.createGroup(chatId, 'Kills', [])
    await addFiles(client.live.outbox, chatId, '', [{ name: 'film.bin', bytes: new Blob([new Uint8Array(bytes)]) }])
    await killAtRandom(
      installation,
      kills,
      random,
      () => pieces.sent() / Math.ceil(bytes.length / limits.file.chunkBytes),
    )
    const { id: fileId, content_id: contentId } = await until(() => fileIn(installation, chatId))
    return { sha256: await downloaded(installation, person!, fileId), piecesSent: pieces.sent(), fileId, contentId }
  } finally {
    pieces.stop()
    client.close()
  }
}

function openClient(installation: BenchInstallation, { userId, cookie }: Person): Promise<Engine> {
  const url = originOf(installation)
  return Engine.open({
    url,
    cookie,
    userId,
    wrapApi: (api) => ({
      ...api,
      // Outside of a browser `tus-js-client` reads buffers only.
      upload: async (given) => {
        const bytes = Buffer.from(await given.bytes.arrayBuffer()) as unknown as Blob
        return uploadFile({ ...given, bytes }, userId, { origin: url, headers: { cookie } })
      },
    }),
  })
}

/** Counts the pieces that this process begins to send. */
function watchPieces(): { sent: () => number; stop: () => void } {
  let sent = 0
  const note = (message: unknown) => {
    if ((message as { request: ClientRequest }).request.method === 'PATCH') sent += 1
  }
  diagnostics.subscribe('http.client.request.start', note)
  return { sent: () => sent, stop: () => void diagnostics.unsubscribe('http.client.request.start', note) }
}

/** Each kill comes at a random moment of its part of the upload. Now and then it hits the worker too. */
async function killAtRandom(
  { apis, worker }: BenchInstallation,
  kills: number,
  random: Random,
  progress: () => number,
): Promise<void> {
  for (let kill = 0; kill < kills; kill += 1) {
    const part = (kill + random.next()) / (kills + 1)
    await until(() => progress() > part)
    await wait(random.between(0, 150))
    const hit = random.chance(0.5) && worker ? [apis[0]!, worker] : [apis[0]!]
    await Promise.all(hit.map((process) => process.kill()))
    await Promise.all(hit.map((process) => process.start()))
  }
}

async function fileIn({ pool }: BenchInstallation, chatId: ChatId) {
  const query = 'select id, content_id from files where chat_id = $1'
  return (await pool.query<{ id: string; content_id: string }>(query, [chatId])).rows[0]
}

async function downloaded(installation: BenchInstallation, { cookie }: Person, fileId: string): Promise<string> {
  const answer = await fetch(`${originOf(installation)}/api/files/${fileId}`, { headers: { cookie, 'x-veche': '1' } })
  const hash = createHash('sha256')
  for await (const chunk of answer.body!) hash.update(chunk)
  return hash.digest('hex')
}

function originOf({ ports }: BenchInstallation): string {
  return `http://127.0.0.1:${ports[0]}`
}

/** The test that waits for it has a time limit. */
export async function until<T>(ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    await wait(20)
  }
}
