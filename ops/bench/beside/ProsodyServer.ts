import type { ChatPlan, ChatServer, ServerProcesses } from './ChatServer.ts'
import { countInArchives, fillRooms } from './xmpp-rooms.ts'
import type { XmppClient } from './XmppClient.ts'
import { XmppInstallation } from './XmppInstallation.ts'

/** Debian's Prosody, which archives its rooms into Postgres. */
export class ProsodyServer implements ChatServer {
  readonly name = 'prosody'
  readonly #installation: XmppInstallation

  static async open(): Promise<ProsodyServer> {
    const installation = await XmppInstallation.open('prosody')
    try {
      const config = installation.write('prosody.cfg.lua', settings(installation))
      await installation.start('/usr/bin/prosody', ['-F', '--config', config])
      return new ProsodyServer(installation)
    } catch (error) {
      await installation.close()
      throw error
    }
  }

  private constructor(installation: XmppInstallation) {
    this.#installation = installation
  }

  get processes(): ServerProcesses {
    return this.#installation.processes
  }

  get lastLines(): string {
    return this.#installation.lastLines
  }

  openClients(plan: ChatPlan): Promise<XmppClient[]> {
    return fillRooms(this.#installation.port, plan)
  }

  /** The table is made with the first message. */
  async countRows(): Promise<number> {
    const { pool } = this.#installation
    const table = await pool.query<{ made: boolean }>(`select to_regclass('prosodyarchive') is not null as made`)
    if (!table.rows[0]!.made) return 0
    const { rows } = await pool.query<{ count: string }>('select count(*) from prosodyarchive')
    return Number(rows[0]!.count)
  }

  countArchived(clients: XmppClient[]): Promise<number> {
    return countInArchives(clients)
  }

  stop(): Promise<void> {
    return this.#installation.close()
  }
}

/** No limits, no TLS, no federation; small packets leave at once. */
const settings = ({ home, port, name, databasePort, databasePassword }: XmppInstallation) => `
data_path = "${home}"
pidfile = "${home}/prosody.pid"
log = { { levels = { min = "warn" }, to = "console" } }
modules_enabled = { "roster", "saslauth", "disco", "register_ibr" }
modules_disabled = { "s2s", "offline", "http", "admin_socket", "limits" }
network_settings = { nagle = false }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_plain"
storage = { muc_log = "sql" }
sql = { driver = "PostgreSQL", database = "${name}", username = "${name}", password = "${databasePassword}", host = "127.0.0.1", port = ${databasePort} }
VirtualHost "localhost"
Component "conference.localhost" "muc"
  modules_enabled = { "muc_mam" }
  muc_room_locking = false
  muc_log_by_default = true
  muc_log_all_rooms = true
`
