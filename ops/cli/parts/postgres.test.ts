import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../bench/installation/free-ports.ts'
import { newFolder } from '../../test/folder.ts'
import { startPostgres, type PostgresOptions } from './postgres.ts'

const made = newDataDir()

/** Data as a server left them that was stopped. Making them takes longer than everything else here, so each test copies them. */
async function newDataDir() {
  const folder = mkdtempSync(join(tmpdir(), 'veche-postgres-'))
  // Postgres runs under an account of its own, which has to reach it.
  chmodSync(folder, 0o711)
  const dataDir = join(folder, 'postgres')
  await (await startPostgres({ dataDir, fsync: false })).stop()
  return dataDir
}

async function copyOfData() {
  const dataDir = join(newFolder(), 'postgres')
  cpSync(await made, dataDir, { recursive: true })
  const { uid, gid } = statSync(await made)
  for (const entry of readdirSync(dataDir, { recursive: true, encoding: 'utf8' }))
    chownSync(join(dataDir, entry), uid, gid)
  chownSync(dataDir, uid, gid)
  chmodSync(dataDir, 0o700)
  return dataDir
}

afterAll(async () => rmSync(join(await made, '..'), { recursive: true, force: true }))

async function start(options: PostgresOptions) {
  const postgres = await startPostgres({ fsync: false, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
}

async function ask(url: string, question: string) {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<Record<string, unknown>>(question)
  await client.end()
  return rows
}

test('stored data survive a stop and a start', async () => {
  const dataDir = await copyOfData()
  const first = await start({ dataDir })
  await ask(first.url, 'create table kept as select 1 as one')
  await first.stop()
  const second = await start({ dataDir })
  expect(await ask(second.url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('a Postgres left by an earlier start is stopped, and what it acknowledged is kept', async () => {
  const dataDir = await copyOfData()
  const orphan = await start({ dataDir })
  await ask(orphan.url, 'create table kept as select 1 as one')
  const second = await start({ dataDir })
  await orphan.child.exited
  expect(await ask(second.url, 'select one from kept')).toEqual([{ one: 1 }])
})

test('a killed Postgres leaves a data directory that starts again', async () => {
  const dataDir = await copyOfData()
  const first = await start({ dataDir })
  process.kill(first.child.pid, 'SIGKILL')
  await first.child.exited
  const second = await start({ dataDir })
  expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a pid file with the pid of another program stops neither the start nor that program', async () => {
  const dataDir = await copyOfData()
  writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`)
  const second = await start({ dataDir })
  expect(await ask(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('an interrupted creation of the database starts over', async () => {
  const dataDir = join(newFolder(), 'postgres')
  mkdirSync(`${dataDir}.new`)
  writeFileSync(join(`${dataDir}.new`, 'PG_VERSION'), 'half')
  await start({ dataDir })
  expect(existsSync(`${dataDir}.new`)).toBe(false)
})

test('data of another Postgres version are refused in one sentence and left untouched', async () => {
  const dataDir = join(newFolder(), 'postgres')
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'PG_VERSION'), '14\n')
  await expect(startPostgres({ dataDir })).rejects.toThrow(/written by Postgres 14.*restore a backup/)
})

test('a data folder with a long path gets its socket in a short folder', async () => {
  const dataDir = join(newFolder(), 'a-folder-with-a-long-name/'.repeat(5), 'postgres')
  const postgres = await start({ dataDir })
  expect(await ask(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
  const sockets = new URL(postgres.url).searchParams.get('host')!
  onTestFinished(() => rmSync(sockets, { recursive: true }))
  expect(sockets).not.toContain('a-folder-with-a-long-name')
})

test('the application owns its tables, and neither runs programs nor reads files nor makes roles', async () => {
  const { url } = await start({ dataDir: await copyOfData() })
  await expectOrdinaryOwner(url)
})

test('what an earlier release made as the superuser belongs to the application after the next start, with its rows', async () => {
  const dataDir = await copyOfData()
  const before = await start({ dataDir })
  const ofSuperuser = before.url.replace('veche_app@', 'veche@')
  await ask(before.adminUrl, 'alter database veche owner to veche')
  await ask(before.adminUrl, 'drop role veche_app')
  await ask(
    ofSuperuser,
    `create type mood as enum ('calm'); create function one() returns int language sql as 'select 1';
     create table kept (id bigint generated always as identity, old serial, mood mood, one int default one());
     create view seen as select * from kept; insert into kept (mood) values ('calm')`,
  )
  await before.stop()

  const { url } = await start({ dataDir })
  await ask(url, `alter table kept add column more text; alter type mood add value 'glad'; drop view seen`)
  await ask(
    url,
    'create or replace function one() returns int language sql as $$select 2$$; insert into kept default values',
  )
  expect(await ask(url, 'select id, old, mood, one from kept order by id')).toEqual([
    { id: '1', old: 1, mood: 'calm', one: 1 },
    { id: '2', old: 2, mood: null, one: 2 },
  ])
  await expectOrdinaryOwner(url)
})

test('the application can copy its database, as the rehearsal of migrations does', async () => {
  const { url } = await start({ dataDir: await copyOfData() })
  const server = url.replace('/veche?', '/postgres?')
  await ask(server, 'create database copy template veche')
  await ask(server, 'drop database copy')
})

test('an operator that the application has made in its database does not run as the superuser at the next start', async () => {
  const dataDir = await copyOfData()
  const before = await start({ dataDir })
  await ask(
    before.url,
    `create function trap(oid, regclass) returns boolean language plpgsql as $$ begin
       execute 'alter role veche_app superuser'; return pg_catalog.oideq($1, $2); exception when others then return pg_catalog.oideq($1, $2); end $$;
     create operator public.= (leftarg = oid, rightarg = regclass, function = trap);
     alter role veche_app in database veche set search_path = public, pg_catalog`,
  )
  await before.stop()
  const { url } = await start({ dataDir })
  await expectOrdinaryOwner(url)
  expect(await ask(url, `select rolsuper from pg_roles where rolname = 'veche_app'`)).toEqual([{ rolsuper: false }])
})

async function expectOrdinaryOwner(url: string) {
  await ask(url, 'create table mine (id int); insert into mine values (1); drop table mine')
  const program = `copy (select 1) to program 'true'`
  for (const statement of [
    program,
    `select pg_read_file('PG_VERSION')`,
    'create role another',
    'alter role veche_app superuser',
  ])
    await expect(ask(url, statement)).rejects.toThrow(/permission denied/)
}

test('Postgres listens on no TCP port', async () => {
  const postgres = await start({ dataDir: await copyOfData() })
  expect(await ask(postgres.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
})

test('where a bench asks for TCP, only whom its rules name get in that way', async () => {
  const dataDir = await copyOfData()
  const rules = join(dataDir, '../rules')
  writeFileSync(rules, 'local all all trust\nhost veche veche_app 127.0.0.1/32 trust\n', { mode: 0o644 })
  const [port] = await freePorts(1)
  const postgres = await start({ dataDir, tcp: { port: port!, rules } })
  expect(await ask(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await ask(`postgres://veche_app@127.0.0.1:${port}/veche`, 'select 1 as one')).toEqual([{ one: 1 }])
  await expect(ask(`postgres://veche@127.0.0.1:${port}/veche`, 'select 1')).rejects.toThrow(/no pg_hba.conf entry/)
})
