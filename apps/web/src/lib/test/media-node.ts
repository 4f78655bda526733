import type { types } from 'mediasoup-client'
import { AppError, type AppErrorCode } from '../api/error.ts'
import type { CallNode } from '../meetings/call/connection/SignallingSocket.ts'
import type { PublishTarget } from '../meetings/call/publish/Publication.ts'

/** A node that records its calls, and a mediasoup transport to it. */
export function newMediaNode() {
  let answering: Promise<void> = Promise.resolve()
  const node = {
    calls: [] as string[],
    failsWith: null as AppErrorCode | null,
    /** What the sender of the last producer sends. */
    sent: null as MediaStreamTrack | null,
    target,
    hold,
    failOnce,
  }
  let count = 0
  const answer = async (call: string) => {
    await answering
    const { failsWith } = node
    if (failsOnce) node.failsWith = null
    if (failsWith) throw new AppError(failsWith)
    node.calls.push(call)
  }
  let failsOnce = false
  /** The node answers nothing until the returned function is called. */
  function hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    answering = promise
    return resolve
  }
  /** `failsWith` applies to the next call only. */
  function failOnce() {
    failsOnce = true
  }
  const mutate = (call: string) => ({ mutate: () => answer(call) })
  const procedures = { media: { pause: mutate('pause'), resume: mutate('resume'), close: mutate('close') } }
  const callNode: CallNode = (call) => call(procedures as never)

  type Produce = Pick<types.ProducerOptions, 'onRtpSender'> & { track: MediaStreamTrack; appData: { paused: boolean } }
  async function produce({ track, appData, onRtpSender }: Produce) {
    const replaceTrack = async (given: MediaStreamTrack | null) => void (node.sent = given)
    const rtpSender = { replaceTrack } as unknown as RTCRtpSender
    node.sent = track
    onRtpSender?.(rtpSender)
    await answer(`produce ${track.id}${appData.paused ? ' paused' : ''}`)
    return newProducer(`producer ${++count}`, track, rtpSender)
  }

  function newProducer(id: string, first: MediaStreamTrack, rtpSender: RTCRtpSender) {
    let track: MediaStreamTrack | null = first
    const producer = {
      id,
      rtpSender,
      closed: false,
      paused: !first.enabled,
      get track() {
        return track
      },
      pause: () => set(true),
      resume: () => set(false),
      close: () => (producer.closed = true),
      replaceTrack: async (given: { track: MediaStreamTrack | null }) => {
        track = given.track
        await answer(`track ${given.track?.id ?? 'none'}`)
      },
    }
    const set = (paused: boolean) => {
      producer.paused = paused
      if (track) track.enabled = !paused
    }
    return producer
  }

  const transport = { produce } as unknown as types.Transport
  function target(): PublishTarget {
    return { transport, callNode }
  }
  return node
}
