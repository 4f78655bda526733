import { describe, expect, test } from 'vitest'
import { tryRow } from '../platform/work/due-tables.ts'
import { previewTable } from '../files/previews/preview-table.ts'
import { newUser, newUsers } from '../test/builders.ts'
import { newContent } from '../test/files.ts'
import { callerFor, newTestApi } from '../test/harness.ts'

const tenKilobytes = { PERSON_MAX_BYTES: '10000', FILES_MAX_BYTES: '20000' }

describe('the overview of files', () => {
  test('it says what is set and what is used, by whom, and how many previews are due and given up', async () => {
    const testApi = await newTestApi(tenKilobytes)
    const { deps } = testApi
    deps.fileStorage.space = () => Promise.resolve({ free: 60_000, total: 100_000 })
    const admin = await newUser(deps, { role: 'admin' })
    const [anna, boris] = await newUsers(
      deps,
      Array.from({ length: 2 }, () => ({})),
    )
    await newContent(deps, anna!, Buffer.alloc(7_999))
    await newContent(deps, boris!, Buffer.alloc(1_000))
    await newContent(deps, boris!, Buffer.alloc(7_001))
    const overview = await callerFor(deps, admin).admin.files()
    expect(overview).toMatchObject({
      all: { files: 3, used: 16_000, max: 20_000, isNear: true },
      disk: { total: 100_000, free: 60_000, reserved: 5_000, isNear: false },
      settings: {
        FILE_MAX_BYTES: 2_000_000_000,
        PERSON_MAX_BYTES: 10_000,
        FILES_MAX_BYTES: 20_000,
        FILES_DISK_SHARE_PERCENT: 80,
        FILES_DISK_RESERVE_PERCENT: 5,
      },
      people: 2,
      previews: { due: 0, givenUp: 0 },
    })
    expect(overview.largest.map(({ person, files, bytes, isNear }) => [person.id, files, bytes.used, isNear])).toEqual([
      [boris!.userId, 2, 8_001, true],
      [anna!.userId, 1, 7_999, false],
    ])
    const broken = await newContent(
      deps,
      anna!,
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(99)]),
    )
    await newContent(deps, anna!)
    await tryRow(deps, previewTable, broken)
    expect((await callerFor(deps, admin).admin.files()).previews).toEqual({ due: 1, givenUp: 1 })
  })

  test('it is empty while nobody has uploaded anything, and has no limit where none is set and there is no disk', async () => {
    const { deps } = await newTestApi()
    deps.fileStorage.space = () => Promise.resolve(null as never)
    const overview = await callerFor(deps, await newUser(deps, { role: 'owner' })).admin.files()
    expect(overview).toMatchObject({
      all: { files: 0, used: 0, max: null, isNear: false },
      disk: null,
      largest: [],
      people: 0,
    })
  })

  test('it names the twenty people with the most bytes', async () => {
    const { deps } = await newTestApi()
    const people = await newUsers(
      deps,
      Array.from({ length: 22 }, () => ({})),
    )
    for (const [index, who] of people.entries()) await newContent(deps, who, Buffer.alloc(index))
    const overview = await callerFor(deps, await newUser(deps, { role: 'admin' })).admin.files()
    expect(overview.largest.map(({ bytes }) => bytes.used)).toEqual(
      Array.from({ length: 20 }, (_, index) => 21 - index),
    )
    expect(overview.people).toBe(22)
  })
})
