import { expect, test } from 'vitest'
import { toolPackages } from '../../../apps/api/src/files/previews/tools/MediaTools.ts'
import { mediaToolPackages } from './system-packages.ts'

test('what is installed for previews brings every program that the worker starts', () => {
  const installed = Object.entries(mediaToolPackages).flatMap(([name, paths]) =>
    paths.map((path) => [path.split('/').at(-1), name]),
  )
  expect(Object.fromEntries(installed)).toEqual(toolPackages)
})
