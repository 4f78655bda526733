import { connect, type Socket } from 'node:net'
import { numbered, NumberReader } from '../chat/numbered-messages.ts'
import { ChatClient } from './ChatServer.ts'

const answerTimeoutMs = 30_000

type Question = { pattern: RegExp; text: string; resolve: (text: string) => void }

/** One account with one connection, which is an occupant of one room. */
export class XmppClient extends ChatClient {
  readonly #name: string
  readonly #room: string
  readonly #socket: Socket
  readonly #reader = new NumberReader('<body>')
  #question: Question | undefined
  #closed = false

  constructor(port: number, name: string, chat: string) {
    super(chat)
    this.#name = name
    this.#room = `${chat}@conference.localhost`
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk) => this.#take(chunk))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => (this.lost = !this.#closed))
  }

  /** Registers the account and signs it in. */
  async signIn(): Promise<void> {
    await this.#ask(streamHeader, /<\/stream:features>/)
    await this.#ask(
      `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${this.#name}</username><password>secret</password></query></iq>`,
      /<iq[^>]*type=['"]result['"]/,
    )
    const password = Buffer.from(`\0${this.#name}\0secret`).toString('base64')
    await this.#ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${password}</auth>`, /<success/)
    await this.#ask(streamHeader, /<\/stream:features>/)
    await this.#ask(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>`,
      /<jid>/,
    )
  }

  async enterRoom(): Promise<void> {
    await this.#ask(
      `<presence to='${this.#room}/${this.#name}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`,
      /<status code=['"]110['"]/,
    )
  }

  /** The first occupant makes the room and accepts its default settings. */
  async createRoom(): Promise<void> {
    await this.enterRoom()
    await this.#ask(
      `<iq type='set' id='o' to='${this.#room}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`,
      /<iq[^>]*id=['"]o['"]/,
    )
  }

  /** The number of messages in the room's archive, as the server tells it to a client. */
  async countArchived(): Promise<number> {
    const answer = await this.#ask(
      `<iq type='set' id='m' to='${this.#room}'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set></query></iq>`,
      /<iq[^>]*id=['"]m['"][\s\S]*<\/iq>/,
    )
    return Number(/<count>(\d+)<\/count>/.exec(answer)?.[1])
  }

  /** Nothing acknowledges a message; the room's copy to its writer does. */
  send(number: number, words: string): Promise<void> {
    this.#socket.write(
      `<message type='groupchat' to='${this.#room}' id='${number}'><body>${numbered(number, words)}</body></message>`,
    )
    return Promise.resolve()
  }

  close(): void {
    this.#closed = true
    this.#socket.destroy()
  }

  #ask(text: string, pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const said = this.#question?.text.slice(0, 400) || 'nothing'
        reject(new Error(`${this.#name} sent ${text.slice(0, 80)} and waited for ${pattern}, but got: ${said}`))
      }, answerTimeoutMs)
      const answered = (answer: string) => {
        clearTimeout(timer)
        resolve(answer)
      }
      this.#question = { pattern, text: '', resolve: answered }
      this.#socket.write(text)
    })
  }

  #take(chunk: Buffer): void {
    this.bytesReceived += chunk.length
    const text = chunk.toString('latin1')
    if (!this.#question) return this.#reader.read(text, this.received)
    this.#question.text += text
    if (!this.#question.pattern.test(this.#question.text)) return
    const { resolve, text: answer } = this.#question
    this.#question = undefined
    resolve(answer)
  }
}

const streamHeader = `<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
