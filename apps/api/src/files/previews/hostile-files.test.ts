import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContentId } from '@veche/shared/ids'
import sharp from 'sharp'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { tryRow } from '../../platform/work/due-tables.ts'
import { newUser, type TestUser } from '../../test/builders.ts'
import { newContent } from '../../test/files.ts'
import { newTestApi, type TestApi } from '../../test/harness.ts'
import {
  emptySound,
  gif,
  hostileDocuments,
  hostileMedia,
  hostilePictures,
  hugePage,
  pdfOfPicture,
  plainDownloads,
  playlists,
} from '../../test/media/hostile-files.ts'
import { makeMedia, moving, tone } from '../../test/media/media-files.ts'
import { mediaTable } from './media-table.ts'
import { makeRendition } from './media/rendition.ts'
import { probeMedia } from './media/probe.ts'
import { previewTable } from './preview-table.ts'
import { renditionTable } from './rendition-table.ts'

let testApi: TestApi
let anna: TestUser
beforeAll(async () => {
  testApi = await newTestApi()
  anna = await newUser(testApi.deps)
})

/** What became of it: refused at its first try, a preview, only facts, or nothing that was tried. */
async function endOf(
  bytes: Buffer,
): Promise<{ end: 'refused' | 'previewed' | 'read' | 'none' | 'again'; error: string | null }> {
  const { deps } = testApi
  const id = await newContent(deps, anna, bytes)
  for (const table of [previewTable, mediaTable, renditionTable]) await tryRow(deps, table, id)
  const row = await deps.db.selectFrom('previews').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return { end: 'none', error: null }
  const { error } = row
  if (row.state !== 'done') return { end: row.attempts === 1 && row.state === 'given_up' ? 'refused' : 'again', error }
  return { end: (await isPreviewed(id)) ? 'previewed' : 'read', error }
}

async function isPreviewed(id: ContentId): Promise<boolean> {
  const { db } = testApi.deps
  const query = db.selectFrom('contents').select('previewed_at').where('id', '=', id)
  return (await query.executeTakeFirstOrThrow()).previewed_at !== null
}

describe('hostile files', () => {
  test.each(Object.entries({ ...hostilePictures, ...hostileDocuments, ...hostileMedia }))(
    '%s is refused at the first try',
    async (_name, make) => {
      expect(await endOf(make())).toMatchObject({ end: 'refused', error: expect.stringMatching(/^refused: ./) })
    },
  )

  test.each(Object.entries(plainDownloads))('%s has no preview and is not even tried', async (_name, make) => {
    expect(await endOf(make())).toEqual({ end: 'none', error: null })
  })

  test('a gif of ten thousand frames costs no more than one of a hundred and twenty', async () => {
    expect(await endOf(gif(1, 1, 10_000))).toEqual({ end: 'previewed', error: null })
  })

  test('a sound that says it has four gigabytes is as long as what is there', async () => {
    expect(await endOf(emptySound())).toEqual({ end: 'read', error: null })
  })

  test('a page of a hundred kilometres, and one with a picture of 400 megapixels, are drawn as small as any other', async () => {
    for (const bytes of [hugePage(), pdfOfPicture(20_000)])
      expect(await endOf(bytes)).toEqual({ end: 'previewed', error: null })
  })

  test('of a file that was cut off the part that is there is shown, or it is refused', async () => {
    const noise = sharp({
      create: {
        width: 200,
        height: 200,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
        background: '#000',
      },
    })
    const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)
    const [jpeg, mp4, mp3] = await Promise.all([
      noise.jpeg().toBuffer(),
      makeMedia('mp4', [...moving(), '-pix_fmt', 'yuv420p']),
      makeMedia('mp3', tone()),
    ])
    const ends = await Promise.all([jpeg, mp4, mp3].map((bytes) => endOf(half(bytes))))
    expect(ends.map(({ end }) => end)).toEqual(['refused', 'refused', 'read'])
  })

  test('they take no more memory of the child that reads pictures than it may have', async () => {
    const { pictureMaker } = testApi.deps
    for (const make of Object.values(hostilePictures)) await endOf(make())
    const status = await readFile(`/proc/${pictureMaker.pid}/status`, 'utf8')
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1_000).toBeLessThan(700)
  })
})

describe('a file that names others', () => {
  const secret = 'the secret of this machine'

  async function startTrap(held: string | Buffer = secret) {
    const folder = await mkdtemp(join(tmpdir(), 'veche-hostile-'))
    const path = join(folder, 'secret.ts')
    await writeFile(path, held)
    let connections = 0
    const server = createServer((socket) => {
      connections += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.close()
      await rm(folder, { recursive: true })
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret.ts`
    return { folder, path, url, connections: () => connections }
  }

  /** As if it had been taken for such a file. */
  async function readAs(demuxer: string, bytes: Buffer, folder: string) {
    const { mediaTools } = testApi.deps
    const path = join(folder, 'file')
    await writeFile(path, bytes)
    return mediaTools.inFolder('test', async (own) => {
      const source = { path, demuxer, folder: own }
      const facts = {
        durationMs: 1_000,
        video: { codec: 'x', pixelFormat: 'x', width: 64, height: 48, isHdr: false },
        audio: { codec: 'x', channels: 2 },
      }
      const limits = { timeMs: 30_000, fileBytes: 1e6 }
      // Whatever else is done with it reads it in the same way.
      const work = [probeMedia(mediaTools, source), makeRendition(mediaTools, source, facts, limits)]
      const outcomes = await Promise.allSettled(work)
      const made = await Promise.all((await readdir(own)).map((name) => readFile(join(own, name))))
      return { outcomes, output: Buffer.concat(made).toString('latin1') + JSON.stringify(outcomes.map(reasonOf)) }
    })
  }

  const reasonOf = (outcome: PromiseSettledResult<unknown>) =>
    outcome.status === 'rejected' ? String(outcome.reason) : JSON.stringify(outcome.value)

  test('a playlist is a plain download, whatever it names', async () => {
    const { path, url, connections } = await startTrap()
    for (const name of ['hls', 'concat', 'dash', 'sdp']) expect((await endOf(playlists[name]!(path))).end).toBe('none')
    expect((await endOf(playlists['subtitles in an avi']!(url))).end).toBe('refused')
    expect(connections()).toBe(0)
  })

  test('reading one opens nothing that it names: no file and no connection', async () => {
    const { folder, path, url, connections } = await startTrap()
    for (const [demuxer, name, target] of [
      ['avi', 'subtitles in an avi', path],
      ['avi', 'subtitles in an avi', url],
      ['mp3', 'hls', path],
      ['mpegts', 'concat', `file:${path}`],
      ['mov', 'dash', url],
    ] as const) {
      const { outcomes, output } = await readAs(demuxer, playlists[name]!(target), folder)
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      expect(output).not.toContain(secret)
    }
    expect(connections()).toBe(0)
  })

  test('even where ffmpeg is told to read it as the list that it is, it opens nothing, also no video that it could read', async () => {
    const video = await makeMedia('ts', [...moving(), '-c:v', 'mpeg2video'])
    const { folder, path, url, connections } = await startTrap(video)
    for (const [demuxer, target] of [
      ['hls', url],
      ['hls', path],
      ['concat', path],
      ['dash', url],
    ] as const) {
      const { outcomes } = await readAs(demuxer, playlists[demuxer]!(target), folder)
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    }
    expect(connections()).toBe(0)
  })
})
