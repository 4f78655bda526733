import { findMediaWorker } from '../../../../ops/cli/machine/media-worker.ts'

/** Vitest's `globalSetup`: the worker that `./veche test` has made, or one that was made before. */
export default function setup(): void {
  process.env['MEDIASOUP_WORKER_BIN'] ||= findMediaWorker() ?? ''
}
