import { CommandError } from '../../cli/errors.ts'
import { isInstalled, packageVersion } from '../../cli/machine/system-packages.ts'
import type { OtherServer } from '../chat/options.ts'

/** What each server needs of the distribution; its driver for Postgres is a package of its own. */
const packages: Record<OtherServer, string[]> = {
  ejabberd: ['ejabberd', 'erlang-p1-pgsql'],
  prosody: ['prosody', 'lua-dbi-postgresql'],
}

export function requirePackages(servers: OtherServer[], installed = isInstalled): void {
  const missing = servers.flatMap((server) => packages[server]).filter((name) => !installed(name))
  if (missing.length)
    throw new CommandError(
      `To measure beside ${servers.join(' and ')}, run "apt-get install ${missing.join(' ')}" and stop the services that it starts.`,
    )
}

export function serverVersions(servers: OtherServer[]): Record<string, string> {
  return Object.fromEntries(servers.map((server) => [server, packageVersion(server)]))
}
