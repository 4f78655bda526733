import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setSqlClock } from '@veche/db/test-database'
import pg from 'pg'
import { checkout } from '../../ops/cli/env.ts'

export type Mail = { id: string; to: string; subject: string; text: string; html: string; at: string }

/** What a test has to know of an installation that runs, also one that another process started. */
export type InstallationAddress = {
  url: string
  /** Where tests reach its API themselves: the same, unless browsers come through a proxy. */
  apiUrl: string
  /** The folder with the copy of the web app that this installation serves. */
  app: string
  databaseUrl: string
  /** The settings of its API. */
  settings: Record<string, string>
}

const run = promisify(execFile)

/** A running Veche as tests use it: its pages, its mails, its database. */
export class Installation implements InstallationAddress {
  readonly url: string
  readonly apiUrl: string
  readonly app: string
  readonly databaseUrl: string
  readonly settings: Record<string, string>

  constructor({ url, apiUrl, app, databaseUrl, settings }: InstallationAddress) {
    this.url = url
    this.apiUrl = apiUrl
    this.app = app
    this.databaseUrl = databaseUrl
    this.settings = settings
  }

  /** Prints the one-time link, as the operator does it. */
  async adminLink(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, ['apps/api/src/admin-link.ts', ...args], {
      cwd: checkout,
      env: { ...process.env, ...this.settings },
    })
    return stdout.trim()
  }

  async mails(): Promise<Mail[]> {
    return (await (await fetch(`${this.apiUrl}/dev/mail.json`)).json()) as Mail[]
  }

  /** Moves the time of the database by `offsetMs`. Everybody on the installation lives in that time. */
  async setClock(offsetMs: number): Promise<void> {
    await setSqlClock(this.databaseUrl, offsetMs)
  }

  /** Runs one statement in its database, for what would take a person too long. */
  async sql<Row extends pg.QueryResultRow>(statement: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl })
    await client.connect()
    try {
      return (await client.query<Row>(statement, values)).rows
    } finally {
      await client.end()
    }
  }
}
