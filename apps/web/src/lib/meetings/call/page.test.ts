import { beforeEach, expect, test } from 'vitest'
import { TestEnvironment } from '#lib/test/TestEnvironment.ts'
import { FakeBrowser } from '../../../../test/browser.ts'
import { watchPage } from './page.ts'

beforeEach(() => void new FakeBrowser())

test('a page that lives says so every minute, for a call that is longer than a seat is kept', async () => {
  const { environment, told } = newPage()
  await environment.pass(180_000)
  expect(told).toEqual(['goes on', 'goes on', 'goes on'])
})

test('a page that goes says so, and one that was only put aside says when it is back', () => {
  const { told } = newPage()
  dispatchEvent(new Event('pagehide'))
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(told).toEqual(['goes'])
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(told).toEqual(['goes', 'is back'])
})

test('after the call nothing is heard of the page', async () => {
  const { environment, told, stop } = newPage()
  stop()
  dispatchEvent(new Event('pagehide'))
  await environment.pass(180_000)
  expect(told).toEqual([])
})

function newPage() {
  const environment = new TestEnvironment()
  const told: string[] = []
  const stop = watchPage(environment.forTab(), {
    goes: () => told.push('goes'),
    isBack: () => told.push('is back'),
    goesOn: () => told.push('goes on'),
  })
  return { environment, told, stop }
}
