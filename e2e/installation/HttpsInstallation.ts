import { freePorts } from './free-ports.ts'
import { FrontProxy } from './FrontProxy.ts'
import { OwnInstallation } from './OwnInstallation.ts'

/** An installation that browsers reach through a proxy with a certificate; `installation` has the address that they use. */
export class HttpsInstallation {
  readonly installation: OwnInstallation
  readonly #front: FrontProxy

  private constructor(installation: OwnInstallation, front: FrontProxy) {
    this.installation = installation
    this.#front = front
  }

  static async start({ nodes = 0, serviceWorker = true } = {}): Promise<HttpsInstallation> {
    const [port] = await freePorts(1)
    const PUBLIC_URL = `https://localhost:${port}`
    const installation = await OwnInstallation.start({ nodes, settings: { PUBLIC_URL } })
    const front = await FrontProxy.open(port!, installation.apiUrl, { secure: true, serviceWorker })
    return new HttpsInstallation(installation, front)
  }

  async stop(): Promise<void> {
    this.#front.close()
    await this.installation.stop()
  }
}
