import { type RawBuilder, sql } from 'kysely'
import type { ServerLocale } from '../../platform/server-locale.ts'
import type { Failure } from '../../platform/work/due-tables.ts'
import { isDiskFull, isUnavailable } from '../storage/storage-errors.ts'
import { PreviewRefused, ToolMissing } from './refusals.ts'

type Table = 'previews' | 'renditions'

/** Under which name it was sent last, and by whom it was uploaded. */
export function fileColumns(table: Table): RawBuilder<unknown>[] {
  const id = sql`${sql.table(table)}.id`
  return [
    sql`(select name from files where content_id = ${id} order by files.id desc limit 1) as file_name`,
    sql`(select name from users join contents on contents.owner_id = users.id where contents.id = ${id}) as owner_name`,
  ]
}

type FileRow = { id: string; file_name: string | null; owner_name: string | null }

export function aboutFile(word: string) {
  return ({ id, file_name, owner_name }: FileRow) => {
    return { word, name: [file_name ?? id, owner_name].filter(Boolean).join(' · ') }
  }
}

export function previewFailure(thrown: unknown): Failure {
  // Neither is the fault of the file, however long it lasts.
  const away = isDiskFull(thrown) ? 'file.disk_full' : isUnavailable(thrown) ? 'file.unavailable' : null
  if (away) return { kind: 'other', answer: away, isTemporary: true, waitMs: 30_000 }
  const answer = thrown instanceof Error ? thrown.message.slice(0, 300) : String(thrown)
  if (thrown instanceof PreviewRefused) return { kind: 'refused', answer, isTemporary: false }
  if (thrown instanceof ToolMissing) return { kind: 'missing', answer, isTemporary: false }
  return { kind: 'other', answer, isTemporary: true }
}

type Subject = 'picture' | 'media' | 'rendition'
type Kind = 'refused' | 'killed' | 'missing' | 'other'

/** The sentence for an administrator, with what was found in brackets. */
export function failureWords(subject: Subject) {
  return (error: string | null, locale: ServerLocale): string => {
    const [, kind = 'other', answer = ''] = /^(\w+)(?:: ([\s\S]*))?$/.exec(error ?? '') ?? []
    const words = sentences[locale][subject]
    const sentence = kind in words ? words[kind as Kind] : words.other
    return answer ? `${sentence} (${answer})` : sentence
  }
}

const sentences: Record<ServerLocale, Record<Subject, Record<Kind, string>>> = {
  en: {
    picture: {
      refused: 'The picture or document could not be read.',
      killed: 'The worker was killed each time it read this picture or document.',
      missing: 'The server lacks the program that reads such files.',
      other: 'The preview could not be made.',
    },
    media: {
      refused: 'The video or sound could not be read.',
      killed: 'The worker was killed each time it read this video or sound.',
      missing: 'The server lacks the program that reads video and sound.',
      other: 'The preview of the video or sound could not be made.',
    },
    rendition: {
      refused: 'The video or sound could not be converted for browsers.',
      killed: 'The worker was killed each time it converted this video or sound.',
      missing: 'The server lacks the program that converts video and sound.',
      other: 'The version for browsers could not be made.',
    },
  },
  ru: {
    picture: {
      refused: 'Изображение или документ не удалось прочитать.',
      killed: 'Воркер завершался каждый раз, когда читал это изображение или документ.',
      missing: 'На сервере нет программы, которая читает такие файлы.',
      other: 'Не удалось создать превью.',
    },
    media: {
      refused: 'Видео или звук не удалось прочитать.',
      killed: 'Воркер завершался каждый раз, когда читал это видео или звук.',
      missing: 'На сервере нет программы, которая читает видео и звук.',
      other: 'Не удалось создать превью видео или звука.',
    },
    rendition: {
      refused: 'Видео или звук не удалось преобразовать для браузеров.',
      killed: 'Воркер завершался каждый раз, когда преобразовывал это видео или звук.',
      missing: 'На сервере нет программы, которая преобразует видео и звук.',
      other: 'Не удалось создать версию для браузеров.',
    },
  },
}
