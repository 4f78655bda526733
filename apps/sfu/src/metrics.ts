import { Counter, Gauge, Histogram, collectDefaultMetrics, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

const prefix = 'veche_sfu_'
const seconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

export function createMetrics(registry = new Registry()) {
  collectDefaultMetrics({ register: registry, prefix })
  const make = makers(registry)
  return { registry, ...nodeMetrics(make), ...workerMetrics(make), ...mediaMetrics(make) }
}

function makers(registry: Registry) {
  const registers = [registry]
  return {
    counter: <T extends string = never>(name: string, help: string, ...labelNames: T[]) =>
      new Counter<T>({ name: prefix + name, help, labelNames, registers }),
    gauge: <T extends string = never>(name: string, help: string, ...labelNames: T[]) =>
      new Gauge<T>({ name: prefix + name, help, labelNames, registers }),
    histogram: <T extends string = never>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
      new Histogram<T>({ name: prefix + name, help, buckets, labelNames, registers }),
  }
}

type Make = ReturnType<typeof makers>

function nodeMetrics({ counter, gauge, histogram }: Make) {
  return {
    calls: histogram('call_seconds', 'Duration of procedures by path and outcome.', seconds, 'path', 'outcome'),
    joins: histogram(
      'join_seconds',
      'From ticket or secret to the first frame, by outcome.',
      seconds,
      'kind',
      'outcome',
    ),
    endings: counter('endings_total', 'Peers that ended, by reason.', 'reason'),
    reconnects: counter('reconnects_total', 'Reconnects that browsers reported, by step and reason.', 'step', 'reason'),
    sockets: gauge('sockets', 'Sockets that are open.'),
    cuts: counter('sockets_cut_total', 'Sockets that the node cut, by cause.', 'cause'),
    rooms: gauge('rooms', 'Rooms, by worker.', 'worker'),
    peers: gauge('peers', 'Seats with a peer, by worker.', 'worker'),
    heartbeats: counter('heartbeats_total', 'Heartbeats, by outcome.', 'outcome'),
    rejections: counter('unhandled_rejections_total', 'Unhandled rejections: each is a bug.'),
  }
}

function workerMetrics({ counter, gauge }: Make) {
  return {
    load: gauge('worker_load', 'Share of its core that a media worker used in the last second.', 'worker'),
    memory: gauge('worker_memory_bytes', 'The most memory that a media worker has had.', 'worker'),
    deaths: counter(
      'worker_deaths_total',
      'Media workers that died, or were killed because they did not answer or had too much memory.',
      'cause',
    ),
    timeouts: counter('worker_timeouts_total', 'Requests that a media worker did not answer in time.'),
  }
}

function mediaMetrics({ counter, gauge, histogram }: Make) {
  const loss = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
  const scores = [0, 2, 4, 6, 8, 9, 10]
  return {
    publications: gauge('publications', 'Streams that come in, by source.', 'source'),
    subscriptions: gauge('subscriptions', 'Streams that go out, by source.', 'source'),
    bytes: counter('media_bytes_total', 'Bytes on the transports, by direction.', 'direction'),
    loss: histogram('packet_loss_ratio', 'Share of lost packets, for each transport each second.', loss, 'direction'),
    scores: histogram('score', 'Scores of streams, 0 to 10, for each stream each second.', scores, 'direction'),
    stops: counter('stops_total', 'Publications that the node stopped, by reason.', 'reason'),
    lost: counter('transports_lost_total', 'Transports that the node closed by itself, by reason.', 'reason'),
    unmatched: counter(
      'unmatched_bytes_total',
      'Received bytes that belong to no stream: reports, checks and dropped packets.',
    ),
  }
}
