import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { lastLines, rotate } from '../steps.ts'

const maxBytes = 50_000_000
const levels: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'error' }

/** Writes the output of a part to its log file, and shows its warnings and errors, one line each. */
export class PartLog {
  #name: string
  #file: string
  #stream: WriteStream
  #written = 0
  /** This is off during the start, because a failed start is reported by the caller. */
  echo = false
  #recent: string[] = []

  constructor(name: string, file: string) {
    this.#name = name
    this.#file = file
    this.#stream = this.#open()
  }

  follow(...sources: (Readable | null)[]) {
    for (const source of sources) if (source) createInterface({ input: source }).on('line', (line) => this.#line(line))
  }

  close() {
    this.#stream.end()
  }

  /** The last lines of output, without stack traces: they usually say why the part ended. */
  get lastLines() {
    return lastLines(this.#recent.map((line) => readable(line) ?? '').join('\n')) || 'it said nothing'
  }

  #line(line: string) {
    if (this.#written > maxBytes) this.#stream = this.#open()
    this.#written += line.length + 1
    this.#stream.write(`${line}\n`)
    this.#recent = [...this.#recent.slice(-49), line]
    const shown = this.echo && readable(line)
    if (shown) console.error(`! ${this.#name} ${shown}`)
  }

  #open() {
    this.#stream?.end()
    rotate(this.#file)
    this.#written = 0
    const stream = createWriteStream(this.#file, { mode: 0o600 })
    // A full disk must not stop the chat because its log cannot be written.
    stream.on('error', () => undefined)
    return stream
  }
}

/** Returns a line that the operator should see: pino records from "warn" upwards, and all that is no JSON. */
export function readable(line: string): string | undefined {
  if (!line.startsWith('{')) return line.trim() || undefined
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } }
    const word = levels[level ?? 0]
    return (
      word && [`${word}:`, msg, err?.message && err.message !== msg ? `(${err.message})` : ''].filter(Boolean).join(' ')
    )
  } catch {
    return line
  }
}
