import type { LiveFrame } from '@veche/shared/live'
import type { Socket } from '../ctx.ts'
import type { LiveStream } from '../sync/LiveStream.ts'

/** The socket of a reader in this process: it takes each frame at once. */
export class ReadSocket implements Socket {
  readonly bufferedAmount = 0
  read: (frame: LiveFrame) => void

  constructor(read: (frame: LiveFrame) => void = () => undefined) {
    this.read = read
  }

  send(frame: LiveFrame): void {
    this.read(frame)
  }

  close(): void {}

  terminate(): void {}
}

/** Does what tRPC does with a stream: takes its hello and waits for its end. */
export async function lastsUntilEnd(
  stream: LiveStream,
  onHello: (hello: LiveFrame) => void = () => undefined,
): Promise<void> {
  for await (const hello of stream.frames(undefined)) onHello(hello)
}
