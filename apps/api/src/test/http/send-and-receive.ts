/**
 * A client in a process of its own, so that its memory is not counted with that of the server. It sends a long body to `/upload` and reads
 * `/download?bytes=…`, and prints what it got: node send-and-receive.ts <base> <cookie> <bytes>
 */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'

const [base, cookie, bytes] = process.argv.slice(2) as [string, string, string]
const headers = { cookie, 'x-veche': '1' }
console.log(
  JSON.stringify([
    await exchange('PUT', '/upload', zeros(Number(bytes))),
    await exchange('GET', `/download?bytes=${bytes}`),
  ]),
)

async function exchange(method: string, path: string, body = Readable.from([])) {
  const sent = request(base + path, { method, headers })
  body.pipe(sent)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let received = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) received += chunk.length
  return { status: answer.statusCode, received }
}

function zeros(total: number): Readable {
  const piece = Buffer.alloc(64_000)
  let left = total
  return new Readable({
    read() {
      const size = Math.min(left, piece.length)
      left -= size
      this.push(size > 0 ? piece.subarray(0, size) : null)
    },
  })
}
