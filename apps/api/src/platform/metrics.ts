import { Counter, Gauge, Histogram, collectDefaultMetrics, type Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics(registry: Registry) {
  collectDefaultMetrics({ register: registry, prefix: 'veche_' })
  const registers = [registry]
  return {
    registry,
    calls: new Histogram({
      name: 'veche_call_seconds',
      help: 'Duration of procedures by path and outcome.',
      labelNames: ['path', 'outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    sockets: new Gauge({ name: 'veche_sockets', help: 'Live streams that are open.', registers }),
    scopesHeld: new Gauge({ name: 'veche_scopes_held', help: 'Scopes that the clients of this node hold.', registers }),
    frames: new Counter({ name: 'veche_frames_total', help: 'Frames handed to sockets.', registers }),
    foundByPoll: new Counter({
      name: 'veche_poll_found_total',
      help: 'Changes that the poll found and no hint had told.',
      registers,
    }),
    polls: new Histogram({
      name: 'veche_poll_seconds',
      help: 'Duration of the poll of all held scopes.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    ...workMetrics(registers),
    ...fileMetrics(registers),
    ...nodeMetrics(registers),
    ...meetingMetrics(registers),
  }
}

function workMetrics(registers: Registry[]) {
  return {
    hashes: new Histogram({
      name: 'veche_password_hash_seconds',
      help: 'Duration of hashing or verifying a password.',
      buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
    work: new Counter({
      name: 'veche_work_total',
      help: 'Tries of work rows, by the name of the work and the outcome.',
      labelNames: ['name', 'outcome'],
      registers,
    }),
  }
}

function fileMetrics(registers: Registry[]) {
  return {
    files: new Gauge({ name: 'veche_files', help: 'Uploads of all people, as the worker counted them.', registers }),
    filesBytes: new Gauge({ name: 'veche_files_bytes', help: 'Bytes of these uploads.', registers }),
    filesMaxBytes: new Gauge({ name: 'veche_files_max_bytes', help: 'Bytes that they may take together.', registers }),
    filesDiskFreeBytes: new Gauge({
      name: 'veche_files_disk_free_bytes',
      help: 'Bytes of the disk of the files that are free.',
      registers,
    }),
  }
}

function nodeMetrics(registers: Registry[]) {
  return {
    nodes: new Gauge({
      name: 'veche_nodes',
      help: 'Media nodes by what is known of them.',
      labelNames: ['state'],
      registers,
    }),
    nodeDeaths: new Counter({
      name: 'veche_node_deaths_total',
      help: 'Media nodes found dead, by what gave it away.',
      labelNames: ['by'],
      registers,
    }),
    heartbeats: new Counter({
      name: 'veche_heartbeats_total',
      help: 'Heartbeats of media nodes by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
  }
}

function meetingMetrics(registers: Registry[]) {
  return {
    moves: new Counter({
      name: 'veche_meeting_moves_total',
      help: 'Placements of meetings, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    tickets: new Counter({ name: 'veche_tickets_total', help: 'Tickets handed out.', registers }),
    meetings: new Counter({
      name: 'veche_meetings_total',
      help: 'Meetings that began and that ended.',
      labelNames: ['event'],
      registers,
    }),
    seats: new Gauge({
      name: 'veche_seats',
      help: 'Seats in live meetings by state.',
      labelNames: ['state'],
      registers,
    }),
  }
}
