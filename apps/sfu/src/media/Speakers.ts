import { EventEmitter } from 'node:events'
import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { withTimeout } from './timeout.ts'

/** The highest number of speakers, the interval in milliseconds, and the lowest volume of a speaker in dBvo. */
const settings = { maxEntries: 5, interval: 400, threshold: -58 }

/** Who speaks: the loudest first, but the dominant speaker stays first while it can be heard. */
export class Speakers extends EventEmitter<{ changed: [seats: SeatId[]] }> {
  now: SeatId[] = []
  readonly #deps: Deps
  readonly #levels: types.AudioLevelObserver
  readonly #dominance: types.ActiveSpeakerObserver
  readonly #seats = new Map<string, SeatId>()
  #dominantProducer: string | undefined

  static async open(deps: Deps, router: types.Router): Promise<Speakers> {
    const [levels, dominance] = await Promise.all([
      withTimeout(deps, router.createAudioLevelObserver(settings)),
      withTimeout(deps, router.createActiveSpeakerObserver({ interval: settings.interval })),
    ])
    return new Speakers(deps, levels, dominance)
  }

  private constructor(deps: Deps, levels: types.AudioLevelObserver, dominance: types.ActiveSpeakerObserver) {
    super()
    this.#deps = deps
    this.#levels = levels
    this.#dominance = dominance
    levels.on('volumes', (volumes) => this.#update(volumes.map(({ producer }) => producer.id)))
    levels.on('silence', () => this.#update([]))
    dominance.on('dominantspeaker', ({ producer }) => (this.#dominantProducer = producer.id))
  }

  /** Adds a microphone. The sound of a shared screen is not added, because it is no voice. */
  add(producer: types.Producer, seat: SeatId): void {
    this.#seats.set(producer.id, seat)
    producer.observer.once('close', () => this.#seats.delete(producer.id))
    for (const observer of [this.#levels, this.#dominance])
      withTimeout(this.#deps, observer.addProducer({ producerId: producer.id })).catch((error: unknown) =>
        this.#deps.log.debug({ err: error }, 'a microphone could not be added to the speaker detection'),
      )
  }

  #update(producers: string[]): void {
    const dominant = this.#dominantProducer
    if (dominant && producers.includes(dominant)) producers = [dominant, ...producers.filter((id) => id !== dominant)]
    const seats = [...new Set(producers.flatMap((id) => this.#seats.get(id) ?? []))]
    if (seats.join() === this.now.join()) return
    this.now = seats
    this.emit('changed', seats)
  }
}
