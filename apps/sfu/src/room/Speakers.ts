import type { SeatId } from '@veche/shared/ids'
import type { types } from 'mediasoup'
import type { Deps } from '../deps.ts'
import { within } from '../media/timeout.ts'

/** How many are named at once, how often, and from which loudness on (dBvo). */
const settings = { maxEntries: 5, interval: 400, threshold: -58 }

/** Who speaks: the loudest first, but whoever holds the floor stays in front for as long as they are heard. */
export class Speakers {
  now: SeatId[] = []
  onChange: (seats: SeatId[]) => void = () => undefined
  readonly #deps: Deps
  readonly #levels: types.AudioLevelObserver
  readonly #floor: types.ActiveSpeakerObserver
  readonly #seats = new Map<string, SeatId>()
  #dominant: string | undefined

  static async listen(deps: Deps, router: types.Router): Promise<Speakers> {
    const [levels, floor] = await Promise.all([
      within(deps, router.createAudioLevelObserver(settings)),
      within(deps, router.createActiveSpeakerObserver({ interval: settings.interval })),
    ])
    return new Speakers(deps, levels, floor)
  }

  private constructor(deps: Deps, levels: types.AudioLevelObserver, floor: types.ActiveSpeakerObserver) {
    this.#deps = deps
    this.#levels = levels
    this.#floor = floor
    levels.on('volumes', (volumes) => this.#tell(volumes.map(({ producer }) => producer.id)))
    levels.on('silence', () => this.#tell([]))
    floor.on('dominantspeaker', ({ producer }) => (this.#dominant = producer.id))
  }

  /** A microphone; what a shared screen plays is nobody's voice. */
  add(producer: types.Producer, seat: SeatId): void {
    this.#seats.set(producer.id, seat)
    producer.observer.once('close', () => this.#seats.delete(producer.id))
    for (const observer of [this.#levels, this.#floor])
      within(this.#deps, observer.addProducer({ producerId: producer.id })).catch((error: unknown) =>
        this.#deps.log.debug({ err: error }, 'a microphone is not listened to'),
      )
  }

  #tell(producers: string[]): void {
    const dominant = this.#dominant
    if (dominant && producers.includes(dominant)) producers = [dominant, ...producers.filter((id) => id !== dominant)]
    const seats = [...new Set(producers.flatMap((id) => this.#seats.get(id) ?? []))]
    if (seats.join() === this.now.join()) return
    this.now = seats
    this.onChange(seats)
  }
}
