import type { Environment } from '#lib/live/environment.ts'
import { type Incoming, keyOf, type Received } from './Incoming.ts'
import type { Outgoing } from './Outgoing.ts'
import { type Sample, type Verdict, Watchdog } from './Watchdog.ts'

const LOOK_MS = 1_000

type Deps = {
  environment: Environment
  incoming: Incoming
  outgoing: Outgoing
  /** Whether something should come out of my microphone and my camera now. */
  expects(): { mic: boolean; cam: boolean }
  /** A page that nobody sees draws no pictures. */
  visible(): boolean
  say(verdict: Verdict): void
}

/** Counts, once a second, what flows, and has the watchdog judge it. */
export class Monitor {
  readonly #deps: Deps
  readonly #watchdog = new Watchdog()
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#next()
  }

  reset(): void {
    this.#watchdog.reset()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #next(): void {
    if (this.#stopped) return
    this.#cancel = this.#deps.environment.after(LOOK_MS, () => void this.#look().finally(() => this.#next()))
  }

  async #look(): Promise<void> {
    const { expects, outgoing, incoming, visible, environment } = this.#deps
    const { mic, cam } = expects()
    const [micEnergy, camFrames, pictures] = await Promise.all([
      mic ? sourceStat(outgoing.slot('mic').producer, 'totalAudioEnergy') : null,
      cam ? sourceStat(outgoing.slot('cam').producer, 'frames') : null,
      visible() ? framesOf(incoming.shown().filter(moves)) : [],
    ])
    if (this.#stopped) return
    const sample: Sample = { at: environment.now(), micEnergy, camFrames, incoming: pictures }
    this.#deps.say(this.#watchdog.judge(sample))
  }
}

function moves({ view, consumer }: Received): boolean {
  // A shared screen may well stand still.
  return view.source === 'cam' && !view.publicationPaused && !view.hidden && !consumer.closed
}

type Counted = { closed: boolean; getStats(): Promise<RTCStatsReport> }
type Figures = { type: string; kind?: string } & Record<string, unknown>

async function sourceStat(producer: Counted | null, name: string): Promise<number | null> {
  if (!producer || producer.closed) return null
  return figure(await producer.getStats().catch(() => null), 'media-source', name)
}

function framesOf(received: Received[]): Promise<Sample['incoming']> {
  return Promise.all(
    received.map(async ({ consumer, view, layer }) => {
      const frames = figure(await consumer.getStats().catch(() => null), 'inbound-rtp', 'framesDecoded')
      return { key: keyOf(view), id: view.id, frames: frames ?? 0, starved: layer === null }
    }),
  )
}

function figure(reports: RTCStatsReport | null, type: string, name: string): number | null {
  if (!reports) return null
  for (const report of reports.values() as Iterable<Figures>) {
    const value = report.type === type ? report[name] : undefined
    if (typeof value === 'number') return value
  }
  return null
}
