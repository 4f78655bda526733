import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { WebSocket, WebSocketServer } from 'ws'
import { startChild } from '../../ops/cli/child.ts'

/**
 * Stands between Playwright and the Firefox of the distribution, which is older than Playwright expects: a command for a setting of
 * the emulation that this Firefox does not know counts as done. Everything else passes unchanged.
 */
const firefox = startChild('firefox-esr', process.argv.slice(2), {
  stdio: ['ignore', 'ignore', 'pipe'],
  orphanSignal: 'TERM',
})
const address = await addressOf(firefox.process.stderr!)
const maxPayload = 100 * 1024 * 1024
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload })
server.on('connection', (socket, { url }) => relay(socket, new WebSocket(address + url, { maxPayload })))
await once(server, 'listening')
console.error(`WebDriver BiDi listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
process.exitCode = (await firefox.exited) === 'exit code 0' ? 0 : 1
process.exit()

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface(output)
  for await (const line of lines) {
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
    if (found) {
      output.on('data', () => undefined)
      return found
    }
    console.error(line)
  }
  throw new Error('Firefox ended before it listened')
}

function relay(client: WebSocket, browser: WebSocket): void {
  const early: string[] = []
  const emulations = new Set<number>()
  client.on('message', (data: Buffer) => {
    const text = data.toString()
    const { id, method } = JSON.parse(text) as { id: number; method: string }
    if (method.startsWith('emulation.')) emulations.add(id)
    if (browser.readyState === WebSocket.OPEN) browser.send(text)
    else early.push(text)
  })
  browser.on('open', () => early.splice(0).forEach((text) => browser.send(text)))
  browser.on('message', (data: Buffer) => client.send(withoutRefusal(data.toString(), emulations)))
  browser.on('error', () => client.close())
  browser.on('close', () => client.close())
  client.on('close', () => browser.close())
}

function withoutRefusal(text: string, emulations: Set<number>): string {
  if (emulations.size === 0) return text
  const { id, error } = JSON.parse(text) as { id?: number; error?: string }
  if (id === undefined || !emulations.delete(id) || error !== 'unknown command') return text
  return JSON.stringify({ type: 'success', id, result: {} })
}
