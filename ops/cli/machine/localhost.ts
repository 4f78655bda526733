import { lookup } from 'node:dns/promises'
import { appendFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { step } from '../steps.ts'
import { CommandError } from '../errors.ts'

const hosts = '/etc/hosts'

/** Some machines cannot resolve "localhost". Browsers can do without, but tests that call the API cannot. */
export async function ensureLocalhost() {
  if (await resolves()) return
  if (userInfo().uid !== 0)
    throw new CommandError(`This machine does not know "localhost": add the line "127.0.0.1 localhost" to ${hosts}.`)
  await step(`Naming this machine localhost (${hosts} did not)`, async () =>
    appendFileSync(hosts, '127.0.0.1 localhost\n'),
  )
  if (!(await resolves())) throw new CommandError(`This machine does not know "localhost", although ${hosts} has it.`)
}

function resolves() {
  return lookup('localhost').then(
    () => true,
    () => false,
  )
}
