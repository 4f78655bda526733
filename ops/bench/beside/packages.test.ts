import { expect, test } from 'vitest'
import { requirePackages } from './packages.ts'

test('one sentence names the packages that are missing, and none of the others', () => {
  const installed = (name: string) => name === 'ejabberd' || name === 'prosody'
  expect(() => requirePackages(['ejabberd', 'prosody'], installed)).toThrow(
    'To measure beside ejabberd and prosody, run "apt-get install erlang-p1-pgsql lua-dbi-postgresql" and stop the services that it starts.',
  )
})

test('only the packages of the chosen server are asked for', () => {
  expect(() => requirePackages(['prosody'], (name) => !name.includes('e'))).toThrow(
    'run "apt-get install lua-dbi-postgresql"',
  )
  expect(() => requirePackages(['prosody'], (name) => !name.includes('ejabberd'))).not.toThrow()
})
