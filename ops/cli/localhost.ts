import { lookup } from 'node:dns/promises'
import { appendFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { step } from './steps.ts'
import { Trouble } from './trouble.ts'

const hosts = '/etc/hosts'

/** A machine made by hand may not know its own name: browsers do not mind, the tests that call the API do. */
export async function needLocalhost() {
  if (await resolves()) return
  if (userInfo().uid !== 0)
    throw new Trouble(`This machine does not know "localhost": add the line "127.0.0.1 localhost" to ${hosts}.`)
  await step(`Naming this machine localhost (${hosts} did not)`, async () =>
    appendFileSync(hosts, '127.0.0.1 localhost\n'),
  )
  if (!(await resolves())) throw new Trouble(`This machine does not know "localhost", although ${hosts} has it.`)
}

function resolves() {
  return lookup('localhost').then(
    () => true,
    () => false,
  )
}
