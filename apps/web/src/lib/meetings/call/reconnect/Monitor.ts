import type { Environment } from '#lib/live/environment.ts'
import type { LocalMedia } from '../publish/LocalMedia.svelte.ts'
import { findStat } from '../stream-statistics.ts'
import { keyOf, type Subscription, type Subscriptions } from '../subscribe/Subscriptions.ts'
import { type MediaSample, type MediaStalls, Watchdog } from './Watchdog.ts'

const SAMPLE_EVERY_MS = 1_000

type Options = {
  environment: Environment
  subscriptions: Subscriptions
  localMedia: LocalMedia
  onStalls(stalls: MediaStalls): void
}

/** Counts once a second how much media flows, and lets the watchdog check it. */
export class Monitor {
  readonly #options: Options
  readonly #watchdog = new Watchdog()
  #cancelTimer: (() => void) | undefined
  #stopped = false

  constructor(options: Options) {
    this.#options = options
    this.#schedule()
  }

  reset(): void {
    this.#watchdog.reset()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  #schedule(): void {
    if (this.#stopped) return
    const sample = () => void this.#sample().finally(() => this.#schedule())
    this.#cancelTimer = this.#options.environment.after(SAMPLE_EVERY_MS, sample)
  }

  async #sample(): Promise<void> {
    const { localMedia, subscriptions, environment, onStalls } = this.#options
    const { bySource } = localMedia.publications
    const sent = (source: 'mic' | 'cam', name: string) => {
      const { producer } = bySource[source]
      return localMedia.expected[source] && producer ? findStat(producer, ['media-source', name], environment) : null
    }
    // A hidden page decodes no pictures.
    const cameras = document.visibilityState === 'visible' ? subscriptions.shown().filter(shouldMove) : []
    const [micEnergy, camFrames, received] = await Promise.all([
      sent('mic', 'totalAudioEnergy'),
      sent('cam', 'frames'),
      framesOf(environment, cameras),
    ])
    if (this.#stopped) return
    onStalls(this.#watchdog.check({ at: environment.now(), micEnergy, camFrames, received }))
  }
}

/** A shared screen often stands still, so only cameras count. */
function shouldMove({ view, consumer }: Subscription): boolean {
  return view.source === 'cam' && !view.publicationPaused && !view.hidden && !consumer.closed
}

function framesOf(environment: Environment, subscriptions: Subscription[]): Promise<MediaSample['received']> {
  return Promise.all(
    subscriptions.map(async ({ consumer, view, layer }) => {
      const frames = await findStat(consumer, ['inbound-rtp', 'framesDecoded'], environment)
      return { key: keyOf(view), id: view.id, frames: frames ?? 0, starved: layer === null }
    }),
  )
}
