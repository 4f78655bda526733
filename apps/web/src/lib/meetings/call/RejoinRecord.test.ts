import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeBrowser } from '../../../../test/browser.ts'
import { RejoinRecord } from './RejoinRecord.ts'

let browser: FakeBrowser
let records: RejoinRecord[]
beforeEach(() => {
  browser = new FakeBrowser()
  records = []
})
afterEach(() => {
  for (const record of records) record.release()
  browser.remove()
})

function newRecord(): RejoinRecord {
  const record = new RejoinRecord()
  records.push(record)
  return record
}

test('a tab has the same id after a reload', async () => {
  const before = newRecord()
  const tab = await before.tab()
  before.release()
  expect(await newRecord().tab()).toBe(tab)
})

test('a copy of a tab has another id, and not the call of the first', async () => {
  const first = newRecord()
  const tab = await first.tab()
  sessionStorage.setItem('veche-call', '{}')
  const copy = newRecord()
  expect(await copy.tab()).not.toBe(tab)
  expect(copy.exists).toBe(false)
})

test('a tab in which somebody else signs in has an id that a reload finds again', async () => {
  const before = newRecord()
  await before.tab()
  // A sign-out ends the call of the session and wipes what the tab has stored.
  before.release()
  sessionStorage.clear()
  const after = newRecord()
  const tab = await after.tab()
  expect(sessionStorage.getItem('veche-tab')).toBe(tab)
  after.release()
  expect(await newRecord().tab()).toBe(tab)
})
