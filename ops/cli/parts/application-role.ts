import type { Client } from 'pg'

/** The superuser that `initdb` makes, and the role of the API, which owns its database and may make copies of it. */
export const superuser = 'veche'
export const applicationRole = 'veche_app'

/** Makes the role and its database where they are missing. `server` is a superuser's connection to the server's own database. */
export async function prepareDatabase(server: Client): Promise<void> {
  const { rows } = await server.query<{ role: boolean; owner: string | null }>(
    `select exists (select from pg_roles where rolname = $1) as role,
       (select pg_get_userbyid(datdba)::text from pg_database where datname = 'veche') as owner`,
    [applicationRole],
  )
  const { role, owner } = rows[0]!
  // Migrations are rehearsed on a copy of the database, which is a database of its own.
  if (!role) await server.query(`create role ${applicationRole} login nosuperuser createdb nocreaterole noreplication`)
  if (owner === null) await server.query(`create database veche owner ${applicationRole}`)
  else if (owner !== applicationRole) await server.query(`alter database veche owner to ${applicationRole}`)
}

/**
 * Gives the role what an earlier release made as the superuser; all of it or nothing. `reassign owned` refuses the first superuser
 * of a cluster, so each thing is named. Sequences of identity columns follow their tables.
 */
export async function giveTablesToApplication(database: Client): Promise<void> {
  const { rows } = await database.query<{ change: string }>(ownedBySuperuser, [superuser])
  if (!rows.length) return
  const changes = rows.map(({ change }) => `alter ${change} owner to ${applicationRole};`)
  await database.query(`begin; ${changes.join(' ')} commit;`)
}

const ownedBySuperuser = `
  with owner as (select oid from pg_roles where rolname = $1),
  ours as (select 'public'::regnamespace::oid),
  followers as (
    select classid, objid from pg_depend left join pg_class on pg_class.oid = objid and classid = 'pg_class'::regclass
    where deptype in ('e', 'i') or (deptype = 'a' and relkind = 'S'))
  select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end
      || ' ' || oid::regclass as change
    from pg_class
    where relkind in ('r', 'p', 'v', 'm', 'S') and relowner in (table owner) and relnamespace in (table ours)
      and ('pg_class'::regclass, oid) not in (table followers)
  union all
  select 'routine ' || oid::regprocedure from pg_proc
    where proowner in (table owner) and pronamespace in (table ours) and ('pg_proc'::regclass, oid) not in (table followers)
  union all
  select 'type ' || oid::regtype from pg_type
    where typowner in (table owner) and typnamespace in (table ours) and ('pg_type'::regclass, oid) not in (table followers)`
