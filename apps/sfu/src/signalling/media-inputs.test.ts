import { expect, test } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import { rtpCapabilities } from './media-inputs.ts'

test('of what a browser can receive only that is kept which a room speaks, with its repair', () => {
  const codec = (mimeType: string, preferredPayloadType: number, parameters = {}) => ({
    kind: 'video',
    mimeType,
    preferredPayloadType,
    clockRate: 90_000,
    parameters,
  })
  const many = [
    codec('video/H264', 102, { 'profile-level-id': '42001f' }),
    codec('video/rtx', 103, { apt: 102 }),
    codec('video/vp8', 96),
    codec('video/rtx', 97, { apt: 96 }),
    codec('video/VP9', 98),
  ]
  const { codecs } = rtpCapabilities.parse({ codecs: many })
  expect(codecs?.map(({ preferredPayloadType }) => preferredPayloadType)).toEqual([96, 97])
})

test('what the node itself says that it can is kept whole', () => {
  expect(rtpCapabilities.parse(routerCapabilities).codecs).toHaveLength(routerCapabilities.codecs!.length)
})
