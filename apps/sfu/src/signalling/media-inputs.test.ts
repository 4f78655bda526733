import { expect, test } from 'vitest'
import { routerCapabilities } from '../media/codecs.ts'
import { rtpCapabilitiesInput } from './media-inputs.ts'

test('of the capabilities of a browser only the codecs of a room are kept, with their RTX', () => {
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
  const { codecs } = rtpCapabilitiesInput.parse({ codecs: many })
  expect(codecs?.map(({ preferredPayloadType }) => preferredPayloadType)).toEqual([96, 97])
})

test('the capabilities of the node itself are kept whole', () => {
  expect(rtpCapabilitiesInput.parse(routerCapabilities).codecs).toHaveLength(routerCapabilities.codecs!.length)
})
