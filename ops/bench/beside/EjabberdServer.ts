import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChatPlan, ChatServer, ServerProcesses } from './ChatServer.ts'
import { countInArchives, fillRooms } from './xmpp-rooms.ts'
import type { XmppClient } from './XmppClient.ts'
import { XmppInstallation } from './XmppInstallation.ts'

/** Debian's ejabberd, which archives its rooms into Postgres. */
export class EjabberdServer implements ChatServer {
  readonly name = 'ejabberd'
  readonly #installation: XmppInstallation

  static async open(): Promise<EjabberdServer> {
    const installation = await XmppInstallation.open('ejabberd')
    try {
      await installation.pool.query(readFileSync('/usr/share/ejabberd/sql/pg.sql', 'utf8'))
      const { home } = installation
      const config = installation.write('ejabberd.yml', settings(installation))
      await installation.start('/usr/bin/erl', [...virtualMachine, '-mnesia', 'dir', `"${home}"`, '-s', 'ejabberd'], {
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(home, 'ejabberd.log'),
        ERL_LIBS: packages(),
        ERL_MAX_PORTS: '32000',
        ERL_CRASH_DUMP_BYTES: '0',
      })
      return new EjabberdServer(installation)
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

  async countRows(): Promise<number> {
    const { rows } = await this.#installation.pool.query<{ count: string }>('select count(*) from archive')
    return Number(rows[0]!.count)
  }

  countArchived(clients: XmppClient[]): Promise<number> {
    return countInArchives(clients)
  }

  stop(): Promise<void> {
    return this.#installation.close()
  }
}

const virtualMachine = [
  '-noinput',
  ...['+K', 'true', '+P', '250000'],
  // Schedulers that spin while they wait would count their waiting as CPU time.
  ...['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
  // Its Postgres driver would otherwise wait 40 ms for delayed acknowledgements of TCP.
  ...['-kernel', 'inet_default_connect_options', '[{nodelay,true}]'],
]

/** Where Debian's "ejabberdctl" says that the libraries are. */
function packages(): string {
  return /^ERL_LIBS='?([^'\n]+)/m.exec(readFileSync('/usr/sbin/ejabberdctl', 'utf8'))?.[1] ?? ''
}

/** No limits, no TLS, no federation. */
const settings = ({ port, name, databasePort, databasePassword }: XmppInstallation) => `
loglevel: error
hosts: ["localhost"]
listen:
  -
    port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: infinity
    shaper: none
    access: all
    starttls: false
auth_method: [internal]
auth_password_format: plain
registration_timeout: infinity
s2s_access: none
max_fsm_queue: 1000000
shaper: {}
shaper_rules: {}
access_rules:
  register: [allow: all]
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${databasePort}
sql_database: "${name}"
sql_username: "${name}"
sql_password: "${databasePassword}"
modules:
  mod_register:
    ip_access: all
    registration_watchers: []
    access: register
  mod_disco: {}
  mod_roster: {}
  mod_mam:
    db_type: sql
    default: never
  mod_muc:
    host: conference.localhost
    access: all
    access_create: all
    max_users: 1000
    max_user_conferences: 1000
    min_message_interval: 0
    min_presence_interval: 0
    room_shaper: none
    user_message_shaper: none
    user_presence_shaper: none
    default_room_options:
      mam: true
      max_users: 1000
      persistent: false
`
