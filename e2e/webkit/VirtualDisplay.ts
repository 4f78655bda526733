import { type Child, startChild } from '../../ops/cli/child.ts'

/** A screen in memory: MiniBrowser has no mode without one. */
export class VirtualDisplay {
  readonly name: string
  readonly #child: Child

  private constructor(child: Child, name: string) {
    this.#child = child
    this.name = name
  }

  static async start(): Promise<VirtualDisplay> {
    const args = ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp', '-noreset']
    const child = startChild('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], orphanSignal: 'TERM' })
    const output = child.process.stdio[3] as NodeJS.ReadableStream
    const number = new Promise<string>((resolve) => output.once('data', (data: Buffer) => resolve(`${data}`.trim())))
    const found = await Promise.race([number, child.exited.then((why) => Promise.reject(new Error(`Xvfb: ${why}`)))])
    return new VirtualDisplay(child, `:${found}`)
  }

  async stop(): Promise<void> {
    await this.#child.stop(['SIGTERM'], 5_000)
  }
}
