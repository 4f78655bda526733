import { hkdfSync } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from '../../ops/cli/child.ts'
import { checkout } from '../../ops/cli/env.ts'
import { freePorts, freeRange } from './free-ports.ts'
import { until } from './until.ts'

/** A media node of an installation, as a process that may be killed and come back under the same name and ports. */
export class MediaNode {
  readonly name: string
  readonly signalling: number
  readonly control: number
  readonly media: number
  readonly #log: string
  readonly #env: NodeJS.ProcessEnv
  #child: Child | undefined

  private constructor(name: string, folder: string, ports: number[], env: NodeJS.ProcessEnv) {
    const [signalling, control, media] = ports as [number, number, number]
    this.name = name
    this.signalling = signalling
    this.control = control
    this.media = media
    this.#log = join(folder, `${name}.log`)
    this.#env = {
      SFU_NODE: name,
      SFU_HOST: '127.0.0.1',
      SFU_PORT: String(signalling),
      SFU_CONTROL_HOST: '127.0.0.1',
      SFU_CONTROL_PORT: String(control),
      SFU_KEY: nodeKey(env['VECHE_SECRET'] ?? '', name),
      API_CONTROL_URL: `https://127.0.0.1:${env['CONTROL_PORT']}`,
      MEDIA_HOST: '127.0.0.1',
      MEDIA_PORT: String(media),
      SFU_WORKERS: '1',
      ...env,
    }
  }

  static async start(name: string, folder: string, env: NodeJS.ProcessEnv): Promise<MediaNode> {
    const ports = await Promise.all([freePorts(2), freeRange(4)])
    const node = new MediaNode(name, folder, ports.flat(), env)
    await node.start()
    return node
  }

  /** Resolves when the API has heard of it and it takes calls. */
  async start(): Promise<void> {
    const log = openSync(this.#log, 'a')
    const child = startChild(process.execPath, ['apps/sfu/src/main.ts'], {
      cwd: checkout,
      env: this.#env,
      stdio: ['ignore', log, log],
      orphanSignal: 'TERM',
    })
    closeSync(log)
    this.#child = child
    await until(async () => {
      if (!child.running()) throw new Error(`${this.name} did not start:\n${this.log()}`)
      return (await fetch(`http://127.0.0.1:${this.signalling}/readyz`).catch(() => undefined))?.ok
    }, `${this.name} is ready`)
  }

  /** The process of this node that carries the media of a port. */
  workerOn(port: number): number {
    const sockets = socketsOn(port)
    const own = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === this.#child?.pid)
    const found = own.find((pid) => openFiles(pid).some((file) => sockets.has(file)))
    if (!found) throw new Error(`no worker of ${this.name} has port ${port}`)
    return Number(found)
  }

  /** As when the machine dies. */
  async kill(): Promise<void> {
    this.#child?.process.kill('SIGKILL')
    await this.#child?.exited
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.process.kill(signal)
  }

  async stop(): Promise<void> {
    await this.#child?.stop(['SIGTERM'], 5_000)
  }

  log(): string {
    return readFileSync(this.#log, 'utf8')
  }
}

function nodeKey(secret: string, name: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `veche node key ${name}`, 32)).toString('hex')
}

/** UDP sockets bound to this port, as the kernel names them. */
function socketsOn(port: number): Set<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readFileSync('/proc/net/udp', 'utf8').trim().split('\n').slice(1)
  const fields = lines.map((line) => line.trim().split(/\s+/))
  return new Set(fields.filter(([, local]) => local?.endsWith(wanted)).map((field) => `socket:[${field[9]}]`))
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`))
  } catch {
    // It ended, or closed one of them, while it was looked at.
    return []
  }
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}
