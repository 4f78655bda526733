import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { nodeKey } from '../../ops/cli/parts/keys.ts'
import { freePorts, freeRange } from './free-ports.ts'
import { ServerProcess } from './ServerProcess.ts'

/** `release`: the folder of the release that it is started from. */
export type NodeOptions = { env: NodeJS.ProcessEnv; release?: string | undefined }

/** A media node of an installation, as a process that may be killed and come back under the same name and ports. */
export class MediaNode {
  readonly name: string
  readonly signalling: number
  readonly control: number
  readonly media: number
  readonly #process: ServerProcess

  private constructor(name: string, folder: string, ports: number[], { env, release }: NodeOptions) {
    const [signalling, control, media] = ports as [number, number, number]
    this.name = name
    this.signalling = signalling
    this.control = control
    this.media = media
    const settings = {
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
    this.#process = new ServerProcess({
      name,
      main: 'apps/sfu/src/main.ts',
      env: settings,
      logFile: join(folder, `${name}.log`),
      url: `http://127.0.0.1:${signalling}`,
      release,
    })
  }

  static async start(name: string, folder: string, options: NodeOptions): Promise<MediaNode> {
    const ports = await Promise.all([freePorts(2), freeRange(4)])
    const node = new MediaNode(name, folder, ports.flat(), options)
    await node.start()
    return node
  }

  /** Resolves when the API knows it and it takes calls. */
  start(): Promise<void> {
    return this.#process.start()
  }

  /** The process of this node that carries the media of a port. */
  workerOn(port: number): number {
    const sockets = socketsOn(port)
    const own = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === this.#process.pid)
    const found = own.find((pid) => openFiles(pid).some((file) => sockets.has(file)))
    if (!found) throw new Error(`no worker of ${this.name} has port ${port}`)
    return Number(found)
  }

  /** Kills it as the death of its machine does. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }

  log(): string {
    return this.#process.log()
  }
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
    // The process ended, or closed a file, in the meantime.
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
