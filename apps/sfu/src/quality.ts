import type { types } from 'mediasoup'
import type { Level, Quality } from './frames.ts'
import type { Feed } from './Feed.ts'
import type { Own } from './Own.ts'

export const good: Quality = { up: 'good', down: 'good', reason: null }

/** So many looks in a row have to agree before a mark gets worse: one bad second is nothing to tell. */
const patience = 2

type Seen = { send: types.WebRtcTransportStat; recv: types.WebRtcTransportStat; producing: Own[]; feeds: Feed[] }

/** How a peer's media arrives, both ways, in words that do not flicker. */
export class Scales {
  #said: Quality = good
  #doubts = 0

  /** The same object for as long as nothing new is to be said. */
  weigh(seen: Seen): Quality {
    const now = look(seen)
    if (now.up === this.#said.up && now.down === this.#said.down && now.reason === this.#said.reason) {
      this.#doubts = 0
      return this.#said
    }
    this.#doubts += 1
    if (this.#doubts < patience) return this.#said
    this.#doubts = 0
    return (this.#said = now)
  }
}

function look({ send, recv, producing, feeds }: Seen): Quality {
  const ups = producing.filter(({ paused }) => !paused).flatMap(({ producer }) => best(producer.score))
  const downs = feeds.flatMap(({ score }) => score ?? [])
  const up = send.dtlsState === 'connected' ? level(Math.min(10, ...ups)) : 'good'
  let down = recv.dtlsState === 'connected' ? level(Math.min(10, ...downs)) : 'good'
  const squeezed = feeds.some((feed) => feed.squeezed)
  if (down === 'good' && squeezed) down = 'weak'
  const reason = up === 'good' && down === 'good' ? null : squeezed && up === 'good' ? 'bandwidth' : 'loss'
  return { up, down, reason }
}

/** Of several layers the best that arrives: browsers leave out the large ones when there is no room. None yet: nothing to say. */
function best(scores: types.ProducerScore[]): number | [] {
  return scores.length === 0 ? [] : Math.max(...scores.map(({ score }) => score))
}

function level(score: number): Level {
  if (score >= 8) return 'good'
  return score >= 5 ? 'weak' : 'bad'
}
