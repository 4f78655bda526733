import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { type LanguageFiles, readLanguages } from './languages.ts'
import { chunkPacks } from './chunk-packs.ts'
import { chunkModule, indexModule } from './modules.ts'

const INDEX = 'virtual:words'
export const messagesFolder = fileURLToPath(new URL('../messages', import.meta.url))

/** Compiles the messages of every language: one chunk a language and pack, and an index that loads them. */
export function wordsPlugin(folder = messagesFolder): Plugin {
  let languageFiles: LanguageFiles | null = null
  return {
    name: 'words',
    buildStart() {
      languageFiles = readLanguages(folder)
      for (const { locale, missing } of languageFiles.languages)
        if (missing.length) this.warn(`${locale}.json lacks ${missing.length} messages: they stay English.`)
    },
    resolveId(id) {
      return id === INDEX || id.startsWith(`${INDEX}/`) ? `\0${id}` : null
    },
    load(id) {
      if (!id.startsWith(`\0${INDEX}`)) return null
      const [, locale, pack] = id.split('/')
      if (locale) this.addWatchFile(join(folder, `${locale}.json`))
      const { languages } = (languageFiles ??= readLanguages(folder))
      if (!pack) return indexModule({ languages, english: languageFiles.english })
      const language = languages.find((each) => each.locale === locale)
      return language ? chunkModule(language.code, pack) : null
    },
    generateBundle(_, bundle) {
      if (this.environment.name !== 'client') return
      const packs = chunkPacks(bundle, (id) => this.getModuleInfo(id)?.code)
      this.emitFile({ type: 'asset', fileName: '.vite/words.json', source: JSON.stringify(packs) })
    },
    watchChange(file) {
      if (file.startsWith(folder)) languageFiles = null
    },
  }
}
