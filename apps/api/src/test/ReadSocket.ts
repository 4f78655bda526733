import type { LiveFrame } from '@veche/shared/live'
import type { Actor, Socket } from '../ctx.ts'
import type { Deps } from '../deps.ts'
import type { LiveStream } from '../sync/LiveStream.ts'

/** The socket of a reader in this process: it takes each frame at once. */
export class ReadSocket implements Socket {
  read: (frame: LiveFrame) => void

  constructor(read: (frame: LiveFrame) => void = () => undefined) {
    this.read = read
  }

  send(frame: LiveFrame): void {
    this.read(frame)
  }

  close(): void {}
}

/** Does what tRPC does with a stream: takes its hello and waits for its end. */
export async function waitUntilEnd(
  stream: LiveStream,
  onHello: (hello: LiveFrame) => void = () => undefined,
): Promise<void> {
  for await (const hello of stream.frames(undefined)) onHello(hello)
}

/** Reads the stream of this person until it ends. */
export async function readUntilEnd(deps: Deps, actor: Actor, read: (frame: LiveFrame) => void): Promise<LiveStream> {
  const stream = await deps.liveHub.open(actor, new ReadSocket(read), { ip: '127.0.0.1', device: 'test' })
  await waitUntilEnd(stream, read)
  return stream
}
