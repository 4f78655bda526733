import type { PublicationView } from '@veche/sfu/router'
import type { Source } from '@veche/shared/meetings'
import type { AppError } from '#lib/api/error.ts'
import { Publication, type PublishTarget } from './Publication.ts'

/** All that this seat can send: a publication for each source. */
export class PublicationSet {
  readonly bySource: Record<Source, Publication>

  constructor(onRefused: (source: Source, error: AppError) => void) {
    const publication = (source: Source) => new Publication(source, (error) => onRefused(source, error))
    this.bySource = {
      mic: publication('mic'),
      cam: publication('cam'),
      screen: publication('screen'),
      screenSound: publication('screenSound'),
    }
  }

  /** Sends everything over another transport; null when there is none any longer. */
  connect(target: PublishTarget | null): void {
    for (const publication of Object.values(this.bySource)) publication.connect(target)
  }

  /** After a resume: `there` is what the node has. */
  compare(there: PublicationView[]): void {
    for (const publication of Object.values(this.bySource))
      publication.compare(there.find(({ source }) => source === publication.source))
  }
}
