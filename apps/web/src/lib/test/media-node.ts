import type { types } from 'mediasoup-client'
import { AppError, type AppErrorCode } from '../api/error.ts'
import type { Ask } from '../meetings/call/Signalling.ts'
import type { Link } from '../meetings/call/Slot.ts'

/** A node that writes down what it is told, and the library's transport to it. */
export function newMediaNode() {
  let held: Promise<void> = Promise.resolve()
  const node = { said: [] as string[], fails: null as AppErrorCode | null, link, hold, recovers }
  let count = 0
  const answer = async (what: string) => {
    await held
    const { fails } = node
    if (recovering) node.fails = null
    if (fails) throw new AppError(fails)
    node.said.push(what)
  }
  let recovering = false
  /** Nothing is answered before the call of what this answers. */
  function hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return resolve
  }
  /** What fails now fails once. */
  function recovers() {
    recovering = true
  }
  const mutate = (what: string) => ({ mutate: () => answer(what) })
  const calls = { media: { pause: mutate('pause'), resume: mutate('resume'), close: mutate('close') } }
  const ask: Ask = (call) => call(calls as never)

  async function produce({ track, appData }: { track: MediaStreamTrack; appData: { paused: boolean } }) {
    await answer(`produce ${track.id}${appData.paused ? ' paused' : ''}`)
    return newProducer(`producer ${++count}`, track)
  }

  function newProducer(id: string, first: MediaStreamTrack) {
    let track: MediaStreamTrack | null = first
    const producer = {
      id,
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
  function link(): Link {
    return { transport, ask }
  }
  return node
}
