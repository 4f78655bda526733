import { expect, test } from 'vitest'
import { newMediaNode } from '#lib/test/media-node.ts'
import { Publication } from './Publication.ts'

test('a track that is wanted before there is a transport is sent as soon as there is one', async () => {
  const { publication, node } = newPublication('mic')
  publication.want({ track: newTrack('one'), paused: false })
  publication.connect(node.target())
  await settled(publication)
  expect(node.calls).toEqual(['produce one'])
})

test('a microphone that is muted from the start is produced paused and never sends sound', async () => {
  const { publication, node } = newPublication('mic')
  const track = newTrack('one')
  publication.connect(node.target())
  publication.want({ track, paused: true })
  await settled(publication)
  expect(node.calls).toEqual(['produce one paused'])
  expect(track.enabled).toBe(false)
  publication.want({ track, paused: false })
  await settled(publication)
  expect(node.calls.slice(1)).toEqual(['resume'])
  expect(track.enabled).toBe(true)
})

test('a picture is not sent before the node has its producer, as its key frame would be lost, and a voice is sent at once', async () => {
  const early: string[] = []
  for (const [source, kind] of [
    ['cam', 'video'],
    ['mic', 'audio'],
  ] as const) {
    const { publication, node } = newPublication(source)
    const answer = node.hold()
    publication.connect(node.target())
    publication.want({ track: newTrack('one', kind), paused: false })
    early.push(node.sent?.id ?? 'nothing')
    answer()
    await settled(publication)
    expect(node.sent?.id).toBe('one')
  }
  expect(early).toEqual(['nothing', 'one'])
})

test('of many quick changes only the last one reaches the node', async () => {
  const { publication, node, track } = await newFlowing('mic')
  for (const paused of [true, false, true, false, true]) publication.want({ track, paused })
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'pause'])
})

test('a camera that is turned off is paused before it loses its track, and gets a new track when it is turned on', async () => {
  const { publication, node } = await newFlowing('cam')
  publication.want({ track: null, paused: true })
  await settled(publication)
  publication.want({ track: newTrack('two'), paused: false })
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'pause', 'track none', 'track two', 'resume'])
})

test('the producer of a microphone that is unplugged is closed, and a new one is made for another microphone', async () => {
  const { publication, node } = await newFlowing('mic')
  publication.want({ track: null, paused: true })
  await settled(publication)
  publication.want({ track: newTrack('two'), paused: false })
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'close', 'produce two'])
})

test('the producer of a screen that is no longer shared is closed', async () => {
  const { publication, node } = await newFlowing('screen')
  publication.want({ track: null, paused: true })
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'close'])
})

test('another node gets the track anew, paused if it is paused', async () => {
  const { publication, node } = newPublication('mic')
  publication.connect(node.target())
  publication.want({ track: newTrack('one'), paused: true })
  await settled(publication)
  const other = newMediaNode()
  publication.connect(other.target())
  await settled(publication)
  expect(other.calls).toEqual(['produce one paused'])
})

test('a mute that could not reach the node is sent after the resume', async () => {
  const { publication, node, track } = await newFlowing('mic')
  node.failsWith = 'network.unreachable'
  publication.want({ track, paused: true })
  await settled(publication)
  expect(track.enabled).toBe(false)
  node.failsWith = null
  publication.compare({ id: 'producer 1', paused: false })
  await settled(publication)
  expect(node.calls.at(-1)).toBe('pause')
  expect(publication.flows).toBe(false)
})

test('a producer that the node does not have after a resume is produced again', async () => {
  const { publication, node } = await newFlowing('mic')
  publication.compare(undefined)
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'produce one'])
})

test('a refused track is reported once and not sent again before something else is wanted', async () => {
  const { publication, node, refused } = newPublication('cam')
  node.failsWith = 'call.forbidden'
  publication.connect(node.target())
  publication.want({ track: newTrack('one'), paused: false })
  await settled(publication)
  expect(refused).toEqual(['call.forbidden'])
  node.failsWith = null
  publication.want({ track: newTrack('one'), paused: false })
  await settled(publication)
  expect(node.calls).toEqual(['produce one'])
})

test('a mute takes effect at once, before the node has answered an earlier call', async () => {
  const { publication, node } = newPublication('mic')
  const track = newTrack('one')
  publication.connect(node.target())
  publication.want({ track, paused: true })
  await settled(publication)
  const answer = node.hold()
  publication.want({ track, paused: false })
  publication.want({ track, paused: true })
  expect(track.enabled).toBe(false)
  answer()
  await settled(publication)
  expect([track.enabled, publication.flows]).toEqual([false, false])
})

test('a user who mutes while the microphone is being produced is not heard, and one who unmutes then is heard', async () => {
  const { publication, node } = newPublication('mic')
  const track = newTrack('one')
  publication.connect(node.target())
  for (const paused of [true, false]) {
    const answer = node.hold()
    publication.connect(node.target())
    publication.want({ track, paused: !paused })
    publication.want({ track, paused })
    expect(track.enabled).toBe(!paused)
    answer()
    await settled(publication)
    expect([track.enabled, publication.flows]).toEqual([!paused, !paused])
  }
})

test('a refusal that leads to another refused state does not repeat without end', async () => {
  const track = newTrack('one')
  const refused: string[] = []
  const publication: Publication = new Publication('mic', ({ code }) => {
    refused.push(code)
    publication.want({ track, paused: true })
  })
  const node = newMediaNode()
  node.failsWith = 'call.forbidden'
  publication.connect(node.target())
  publication.want({ track, paused: false })
  await settled(publication)
  publication.want({ track, paused: true })
  await settled(publication)
  expect(refused).toEqual(['call.forbidden', 'call.forbidden'])
})

test('a call that fails with the lost socket after the resume is made again', async () => {
  const { publication, node } = newPublication('mic')
  publication.connect(node.target())
  const answer = node.hold()
  publication.want({ track: newTrack('one'), paused: false })
  node.failsWith = 'network.unreachable'
  publication.compare(undefined)
  answer()
  node.failOnce()
  await settled(publication)
  expect(node.calls).toEqual(['produce one'])
  expect(publication.flows).toBe(true)
})

test('the end of an earlier producer does not stop the one in use', async () => {
  const { publication, node, track } = await newFlowing('mic')
  publication.stopped('producer 0')
  publication.want({ track, paused: true })
  await settled(publication)
  expect(node.calls).toEqual(['produce one', 'pause'])
})

function newPublication(source: ConstructorParameters<typeof Publication>[0]) {
  const refused: string[] = []
  return { publication: new Publication(source, ({ code }) => refused.push(code)), node: newMediaNode(), refused }
}

/** A publication that sends the track `one`. */
async function newFlowing(source: ConstructorParameters<typeof Publication>[0]) {
  const { publication, node } = newPublication(source)
  const track = newTrack('one')
  publication.connect(node.target())
  publication.want({ track, paused: false })
  await settled(publication)
  return { publication, node, track }
}

async function settled(publication: Publication): Promise<void> {
  while (!publication.settled) await new Promise((resolve) => setImmediate(resolve))
}

function newTrack(id: string, kind: 'audio' | 'video' = 'audio'): MediaStreamTrack {
  return { id, kind, enabled: true } as unknown as MediaStreamTrack
}
