import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { iconShapes } from './plugin.ts'

const component = (name: string) =>
  readFileSync(
    fileURLToPath(new URL(`../node_modules/@lucide/svelte/dist/icons/${name}.svelte`, import.meta.url)),
    'utf8',
  )

test('an icon of Lucide becomes the shapes that stand inside of its picture', () => {
  expect(iconShapes(component('users'))).toMatch(/^(<(path|circle)( [a-z0-9]+="[^"]+")+\/>)+$/)
  expect(iconShapes(component('x'))).toBe('<path d="M18 6 6 18"/><path d="m6 6 12 12"/>')
})

test('an icon that is written in another way than we read fails the build', () => {
  expect(() => iconShapes('<svg></svg>')).toThrow('in another way')
})
