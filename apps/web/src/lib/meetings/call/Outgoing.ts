import type { PublicationView } from '@veche/sfu/router'
import { type Source, sources } from '@veche/shared/meetings'
import type { AppError } from '#lib/api/error.ts'
import type { Ask } from './Signalling.ts'
import { type Link, Slot } from './Slot.ts'

/** Everything that this tab sends. */
export class Outgoing {
  readonly #slots: Record<Source, Slot>

  constructor(onRefused: (source: Source, error: AppError) => void) {
    const slot = (source: Source) => new Slot(source, onRefused)
    this.#slots = { mic: slot('mic'), cam: slot('cam'), screen: slot('screen'), screenSound: slot('screenSound') }
  }

  set(source: Source, track: MediaStreamTrack | null, paused: boolean): void {
    this.#slots[source].want({ track, paused: paused || track === null })
  }

  use(link: Link | null): void {
    for (const source of sources) this.#slots[source].use(link)
  }

  compare(ask: Ask, publications: PublicationView[]): void {
    for (const source of sources)
      this.#slots[source].compare(
        ask,
        publications.find((each) => each.source === source),
      )
  }

  stopped(source: Source, id: string): void {
    this.#slots[source].stopped(id)
  }

  slot(source: Source): Slot {
    return this.#slots[source]
  }
}
