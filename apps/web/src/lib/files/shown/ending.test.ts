import { expect, test } from 'vitest'
import { shownEnding, splitName } from './ending.ts'

test('a name that is cut keeps its ending', () => {
  expect(splitName('a very long name.pdf')).toEqual({ stem: 'a very long name', ending: '.pdf' })
  expect(splitName('archive.tar.gz')).toEqual({ stem: 'archive.tar', ending: '.gz' })
  expect(splitName('отчёт.док')).toEqual({ stem: 'отчёт', ending: '.док' })
})

test('a name without an ending is one part', () => {
  for (const name of ['README', '.profile', 'a sentence. And more', 'end.'])
    expect(splitName(name)).toEqual({ stem: name, ending: '' })
})

test('the picture of a file shows an ending of up to four letters', () => {
  expect(['a.pdf', 'b.docx', 'c.plist', 'README'].map(shownEnding)).toEqual(['PDF', 'DOCX', null, null])
})
