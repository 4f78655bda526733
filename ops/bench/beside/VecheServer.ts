import { newId, type ChatId } from '@veche/shared/ids'
import { BenchInstallation } from '../installation/BenchInstallation.ts'
import { addChats } from '../installation/chats.ts'
import { addPeople, type Person } from '../installation/people.ts'
import { HttpConnection } from '../chat/HttpConnection.ts'
import { isHello, LiveListener } from '../chat/LiveListener.ts'
import { numbered, NumberReader } from '../chat/numbered-messages.ts'
import { ChatClient, inTurns, type ChatPlan, type ChatServer, type ServerProcesses } from './ChatServer.ts'

/** Veche with one API process. */
export class VecheServer implements ChatServer {
  readonly name = 'veche'
  readonly #installation: BenchInstallation

  static async open(env: NodeJS.ProcessEnv): Promise<VecheServer> {
    return new VecheServer(await BenchInstallation.open({ apis: 1, worker: false, env }))
  }

  constructor(installation: BenchInstallation) {
    this.#installation = installation
  }

  get processes(): ServerProcesses {
    const { apis, postgres, redis } = this.#installation
    return { server: apis[0]!.pid, postgres: postgres.child.pid, redis: redis.child.pid }
  }

  get lastLines(): string {
    return this.#installation.lastLines
  }

  async openClients({ chats, membersEach, title }: ChatPlan): Promise<VecheClient[]> {
    const { pool, apis } = this.#installation
    const people = await addPeople(pool, chats * membersEach)
    const groups = Array.from({ length: chats }, (_, at) => people.slice(at * membersEach, (at + 1) * membersEach))
    const plans = groups.map((group, at) => ({ title: `${title} ${at}`, members: group.map(({ userId }) => userId) }))
    const ids = await addChats(pool, plans)
    const connections = new Connections(apis[0]!.port)
    const clients = groups.map((group, at) => group.map((person) => new VecheClient(person, ids[at]!, connections)))
    await Promise.all(clients.flat().map((client) => client.connect()))
    return inTurns(clients)
  }

  async countRows(): Promise<number> {
    const { rows } = await this.#installation.pool.query<{ count: string }>('select count(*) from messages')
    return Number(rows[0]!.count)
  }

  stop(): Promise<void> {
    return this.#installation.close()
  }
}

/** A member receives on the live stream and sends with requests, as the app does. */
class VecheClient extends ChatClient {
  readonly #cookie: string
  readonly #chatId: ChatId
  readonly #connections: Connections
  readonly #reader = new NumberReader('"body":"')
  #listener: LiveListener | undefined
  #closed = false

  constructor({ cookie }: Person, chatId: ChatId, connections: Connections) {
    super(chatId)
    this.#cookie = cookie
    this.#chatId = chatId
    this.#connections = connections
  }

  connect(): Promise<void> {
    return new Promise((resolve) => {
      this.#listener = new LiveListener(this.#connections.port, this.#cookie, {
        received: (text) => {
          if (isHello(text)) return resolve()
          this.bytesReceived += text.length + webSocketHeader(text.length)
          this.#reader.read(text, this.received)
        },
        closed: () => (this.lost = !this.#closed),
      })
    })
  }

  async send(number: number, words: string): Promise<void> {
    const connection = await this.#connections.take()
    const input = { chatId: this.#chatId, clientId: newId(), body: numbered(number, words) }
    const { status, body } = await connection.change('messages.send', this.#cookie, input)
    if (status !== 200) throw new Error(`a message was refused: ${body()}`)
    this.#connections.giveBack(connection)
  }

  close(): void {
    this.#closed = true
    this.#listener?.close()
    this.#connections.close()
  }
}

/** A request gets a connection that waits for no other answer, and the one that was idle longest: the API closes those that stay idle. */
class Connections {
  readonly port: number
  readonly #idle: HttpConnection[] = []

  constructor(port: number) {
    this.port = port
  }

  async take(): Promise<HttpConnection> {
    return this.#idle.shift() ?? HttpConnection.open(this.port)
  }

  giveBack(connection: HttpConnection): void {
    this.#idle.push(connection)
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close()
  }
}

function webSocketHeader(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10
}
