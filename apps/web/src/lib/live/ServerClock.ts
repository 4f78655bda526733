import type { Environment } from './environment.ts'

/** The time of the server, as the last hello told it: the clock of a device may be wrong by hours. */
export class ServerClock {
  readonly #environment: Environment
  readonly #set = Promise.withResolvers<void>()
  #offsetMs = 0
  /** Before the first hello it goes by the clock of this device. */
  isSet = false

  constructor(environment: Environment) {
    this.#environment = environment
  }

  set(serverTime: number): void {
    this.#offsetMs = serverTime - this.#environment.now()
    this.isSet = true
    this.#set.resolve()
  }

  now(): number {
    return this.#environment.now() + this.#offsetMs
  }

  /** The time of the server when the clock of this device showed this. Resolves after the first hello. */
  async serverTimeOf(deviceTime: number): Promise<number> {
    await this.#set.promise
    return deviceTime + this.#offsetMs
  }
}
