import { expect, test } from 'vitest'
import { newMediaNode } from '#lib/test/media-node.ts'
import { Slot } from './Slot.ts'

test('what is wished before there is a way is sent as soon as there is one', async () => {
  const { slot, node } = newSlot('mic')
  slot.want({ track: newTrack('one'), paused: false })
  slot.use(node.link())
  await settled(slot)
  expect(node.said).toEqual(['produce one'])
})

test('a microphone that is muted from the start never leaves with its sound on', async () => {
  const { slot, node } = newSlot('mic')
  const track = newTrack('one')
  slot.use(node.link())
  slot.want({ track, paused: true })
  await settled(slot)
  expect(node.said).toEqual(['produce one paused'])
  expect(track.enabled).toBe(false)
  slot.want({ track, paused: false })
  await settled(slot)
  expect(node.said.slice(1)).toEqual(['resume'])
  expect(track.enabled).toBe(true)
})

test('many quick changes end at the last, and what is in between is left out', async () => {
  const { slot, node, track } = await newFlowing('mic')
  for (const paused of [true, false, true, false, true]) slot.want({ track, paused })
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'pause'])
})

test('a camera that is off is paused first and then without a track, and gets a new one when it is on again', async () => {
  const { slot, node } = await newFlowing('cam')
  slot.want({ track: null, paused: true })
  await settled(slot)
  slot.want({ track: newTrack('two'), paused: false })
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'pause', 'track none', 'track two', 'resume'])
})

test('a microphone that is pulled out is closed, and made anew when another one is there', async () => {
  const { slot, node } = await newFlowing('mic')
  slot.want({ track: null, paused: true })
  await settled(slot)
  slot.want({ track: newTrack('two'), paused: false })
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'close', 'produce two'])
})

test('a screen that is no longer shared is closed', async () => {
  const { slot, node } = await newFlowing('screen')
  slot.want({ track: null, paused: true })
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'close'])
})

test('another place gets it anew, in the state it is in', async () => {
  const { slot, node } = newSlot('mic')
  slot.use(node.link())
  slot.want({ track: newTrack('one'), paused: true })
  await settled(slot)
  const other = newMediaNode()
  slot.use(other.link())
  await settled(slot)
  expect(other.said).toEqual(['produce one paused'])
})

test('a mute that no node heard is said as soon as one listens again', async () => {
  const { slot, node, track } = await newFlowing('mic')
  node.fails = 'network.unreachable'
  slot.want({ track, paused: true })
  await settled(slot)
  expect(track.enabled).toBe(false)
  node.fails = null
  slot.compare(node.link().ask, { id: 'producer 1', paused: false })
  await settled(slot)
  expect(node.said.at(-1)).toBe('pause')
  expect(slot.flows).toBe(false)
})

test('what the node has lost in between is sent anew', async () => {
  const { slot, node } = await newFlowing('mic')
  slot.compare(node.link().ask, undefined)
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'produce one'])
})

test('a refusal is told and not repeated before something else is wished', async () => {
  const { slot, node, refused } = newSlot('cam')
  node.fails = 'call.forbidden'
  slot.use(node.link())
  slot.want({ track: newTrack('one'), paused: false })
  await settled(slot)
  expect(refused).toEqual(['call.forbidden'])
  node.fails = null
  slot.want({ track: newTrack('one'), paused: false })
  await settled(slot)
  expect(node.said).toEqual(['produce one'])
})

test('who mutes is silent at once, whatever the node has still to answer', async () => {
  const { slot, node } = newSlot('mic')
  const track = newTrack('one')
  slot.use(node.link())
  slot.want({ track, paused: true })
  await settled(slot)
  const answer = node.hold()
  slot.want({ track, paused: false })
  slot.want({ track, paused: true })
  expect(track.enabled).toBe(false)
  answer()
  await settled(slot)
  expect([track.enabled, slot.flows]).toEqual([false, false])
})

test('who mutes while the microphone is on its way is never heard, and who unmutes then is', async () => {
  const { slot, node } = newSlot('mic')
  const track = newTrack('one')
  slot.use(node.link())
  for (const paused of [true, false]) {
    const answer = node.hold()
    slot.use(node.link())
    slot.want({ track, paused: !paused })
    slot.want({ track, paused })
    expect(track.enabled).toBe(!paused)
    answer()
    await settled(slot)
    expect([track.enabled, slot.flows]).toEqual([!paused, !paused])
  }
})

test('a refusal that leads to another wish, which is refused as well, comes to an end', async () => {
  const track = newTrack('one')
  const refused: string[] = []
  const slot: Slot = new Slot('mic', (_, { code }) => {
    refused.push(code)
    slot.want({ track, paused: true })
  })
  const node = newMediaNode()
  node.fails = 'call.forbidden'
  slot.use(node.link())
  slot.want({ track, paused: false })
  await settled(slot)
  slot.want({ track, paused: true })
  await settled(slot)
  expect(refused).toEqual(['call.forbidden', 'call.forbidden'])
})

test('what a lost socket answers after the next one is there is asked again', async () => {
  const { slot, node } = newSlot('mic')
  slot.use(node.link())
  const answer = node.hold()
  slot.want({ track: newTrack('one'), paused: false })
  node.fails = 'network.unreachable'
  slot.compare(node.link().ask, undefined)
  answer()
  node.recovers()
  await settled(slot)
  expect(node.said).toEqual(['produce one'])
  expect(slot.flows).toBe(true)
})

test('what the node stopped of an earlier producer does not stop the one in use', async () => {
  const { slot, node, track } = await newFlowing('mic')
  slot.stopped('producer 0')
  slot.want({ track, paused: true })
  await settled(slot)
  expect(node.said).toEqual(['produce one', 'pause'])
})

function newSlot(source: ConstructorParameters<typeof Slot>[0]) {
  const refused: string[] = []
  return { slot: new Slot(source, (_, { code }) => refused.push(code)), node: newMediaNode(), refused }
}

/** One whose track `one` is on its way already. */
async function newFlowing(source: ConstructorParameters<typeof Slot>[0]) {
  const { slot, node } = newSlot(source)
  const track = newTrack('one')
  slot.use(node.link())
  slot.want({ track, paused: false })
  await settled(slot)
  return { slot, node, track }
}

async function settled(slot: Slot): Promise<void> {
  while (!slot.settled) await new Promise((resolve) => setImmediate(resolve))
}

function newTrack(id: string): MediaStreamTrack {
  return { id, enabled: true } as unknown as MediaStreamTrack
}
