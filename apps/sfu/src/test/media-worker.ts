import { findMediaWorker } from '../../../../ops/cli/machine/media-worker.ts'

/** Vitest's `globalSetup`: finds the media worker that `./veche test` has built, or one that was built before. */
export default function setup(): void {
  process.env['MEDIASOUP_WORKER_BIN'] ||= findMediaWorker() ?? ''
}
