import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { Commands } from './Commands.ts'
import { VirtualDisplay } from './VirtualDisplay.ts'
import { WebDriverError } from './WebKitDriver.ts'

/**
 * Speaks WebDriver BiDi with Playwright and the older WebDriver with WebKitGTK, whose driver knows nothing else, so that the walks
 * that run in Firefox run in WebKitGTK as well. It is started in the place of a browser, and tells its address as Firefox does.
 */
const display = await VirtualDisplay.start()
const server = createServer()
const sockets = new WebSocketServer({ server, maxPayload: 100 * 1024 * 1024 })
sockets.on('connection', serve)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.error(`WebDriver BiDi listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}`)

type Message = { id: number; method: string; params: Record<string, never> }

function serve(socket: WebSocket): void {
  const send = (message: object) => socket.send(JSON.stringify(message))
  const commands = new Commands(display.name, (method, params) => send({ type: 'event', method, params }))
  socket.on('message', async (data: Buffer) => {
    const { id, method, params } = JSON.parse(data.toString()) as Message
    try {
      send({ type: 'success', id, result: await commands.run(method, params) })
    } catch (error) {
      const code = error instanceof WebDriverError ? error.code : 'unknown error'
      send({ type: 'error', id, error: code === 'no such window' ? 'no such frame' : code, message: String(error) })
    }
    if (method === 'browser.close') await end(commands)
  })
  socket.on('close', () => void end(commands))
}

async function end(commands: Commands): Promise<void> {
  await commands.close()
  await display.stop()
  process.exit()
}
