import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readLanguages } from './languages.ts'
import { typesModule } from './modules.ts'
import { messagesFolder } from './plugin.ts'

// Writes the types of the messages; with --check it only compares, and fails when they differ.

const file = fileURLToPath(new URL('../src/lib/i18n/messages.gen.ts', import.meta.url))
const types = typesModule(readLanguages(messagesFolder))

if (!process.argv.includes('--check')) writeFileSync(file, types)
else if (readFileSync(file, 'utf8') !== types) {
  console.log('The types of the messages differ from messages/en.json: run "./veche check --write messages".')
  process.exitCode = 1
}
