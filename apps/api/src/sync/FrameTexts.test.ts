import { expect, test } from 'vitest'
import { FrameTexts } from './FrameTexts.ts'

/** A frame that counts how often it is made into text. */
function countedFrame() {
  const frame = { type: 'signal', times: 0, toJSON: () => ({ type: 'signal', times: (frame.times += 1) }) }
  return frame
}

const toSocket = (id: number | string, data: unknown) => ({ id, result: { type: 'data', data } })

test('a frame that many tabs get is made into text once, and once more for a request with another number', () => {
  const texts = new FrameTexts()
  const frame = countedFrame()
  const sent = Array.from({ length: 200 }, () => texts.encode(toSocket(1, frame)))
  expect(new Set(sent)).toEqual(new Set(['{"id":1,"result":{"type":"data","data":{"type":"signal","times":1}}}']))
  expect(JSON.parse(texts.encode(toSocket('1', frame)))).toMatchObject({ id: '1', result: { data: { times: 2 } } })
  expect(frame.times).toBe(2)
})

test('two frames with the same content are two texts', () => {
  const texts = new FrameTexts()
  const [first, second] = [countedFrame(), countedFrame()]
  texts.encode(toSocket(1, first))
  texts.encode(toSocket(1, second))
  expect([first.times, second.times]).toEqual([1, 1])
})

test('a message that carries no frame is made into text as it is', () => {
  const texts = new FrameTexts()
  for (const message of [{ id: null, method: 'reconnect' }, { id: 7, result: { type: 'started' } }, toSocket(7, null)])
    expect(JSON.parse(texts.encode(message))).toEqual(message)
})
