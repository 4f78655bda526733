import WebSocket from 'ws'

export type ListenerEvents = {
  /** Called with the raw text of each message. */
  received: (text: string) => void
  closed?: () => void
}

/** An open tab reduced to its socket and its subscription. */
export class LiveListener {
  readonly #socket: WebSocket

  constructor(port: number, cookie: string, { received, closed }: ListenerEvents) {
    const address = `127.0.0.1:${port}`
    const headers = { cookie, origin: `http://${address}`, 'user-agent': 'bench' }
    const socket = new WebSocket(`ws://${address}/api/trpc`, { headers, perMessageDeflate: false })
    this.#socket = socket
    socket.on('open', () => socket.send('{"id":1,"method":"subscription","params":{"path":"live"}}'))
    socket.on('message', (data: Buffer) => {
      const text = data.toString('latin1')
      if (text === 'PING') socket.send('PONG')
      else received(text)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => closed?.())
  }

  close(): void {
    this.#socket.terminate()
  }
}

export function isHello(text: string): boolean {
  return text.includes('"type":"hello"')
}
