import { beforeEach, expect, test } from 'vitest'
import { LayerEntries } from './LayerEntries.ts'
import { OpenLayers } from './OpenLayers.ts'

type Entry = { page: string; state: object | null }

/** The history of a browser with a page of ours after a foreign one. As in a browser, `go` takes effect later. */
class FakeBrowser {
  entries: Entry[] = [
    { page: 'elsewhere', state: null },
    { page: '/chats/1', state: { kit: 1 } },
  ]
  at = 1
  onPopState: () => void = () => undefined
  /** For a browser that never goes back by itself. */
  isStuck = false
  readonly #traversals: (() => void)[] = []

  get state(): object | null {
    return this.entries[this.at]?.state ?? null
  }

  get page(): string | undefined {
    return this.entries[this.at]?.page
  }

  pushState(state: object | null): void {
    this.push({ page: this.page ?? '', state })
  }

  push(entry: Entry): void {
    this.entries = [...this.entries.slice(0, this.at + 1), entry]
    this.at++
  }

  go(delta = 0): void {
    this.#traversals.push(() => {
      if (this.isStuck) return
      this.at += delta
      if (this.page !== 'elsewhere') this.onPopState()
    })
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#traversals.shift()?.()
    }
  }
}

let browser: FakeBrowser
let layers: OpenLayers
let entries: LayerEntries
let timers: (() => void)[]
let closed: string[]

beforeEach(() => {
  browser = new FakeBrowser()
  timers = []
  closed = []
  layers = new OpenLayers()
  loadEntries()
})

function loadEntries() {
  entries = new LayerEntries({
    layers,
    history: browser,
    goto: async (target) => {
      if (!navigate(target.pathname)) throw new Error('it is held again')
    },
    shown: async () => undefined,
    after: (_, run) => {
      timers.push(run)
      return () => void timers.splice(timers.indexOf(run), 1)
    },
  })
  browser.onPopState = () => entries.traversed()
}

/** Goes to a page as Kit does. False when it was cancelled. */
function navigate(path: string): boolean {
  let isCancelled = false
  entries.beforeNavigate({
    type: 'goto',
    willUnload: false,
    to: { url: new URL(path, 'https://veche.example') },
    complete: Promise.resolve(),
    cancel: () => (isCancelled = true),
  })
  if (!isCancelled) browser.push({ page: path, state: { kit: browser.at + 1 } })
  return !isCancelled
}

/** Opens a layer that goes away when it is closed. */
function open(name: string): () => void {
  const remove = layers.add(() => {
    closed.push(name)
    remove()
  })
  return remove
}

async function goBack() {
  browser.go(-1)
  await browser.settle()
}

const pages = () => browser.entries.map(({ page }) => page)
const here = () =>
  `${browser.page} of ${pages()
    .slice(0, browser.at + 1)
    .join(' ')}`

test('Back closes a layer, and the next Back leaves the page', async () => {
  open('menu')
  await browser.settle()
  await goBack()
  expect([closed, here()]).toEqual([['menu'], '/chats/1 of elsewhere /chats/1'])
  await goBack()
  expect(browser.page).toBe('elsewhere')
})

test('of two layers upon each other Back closes one at a time', async () => {
  open('panel')
  open('menu')
  await browser.settle()
  await goBack()
  expect(closed).toEqual(['menu'])
  await goBack()
  expect([closed, here()]).toEqual([['menu', 'panel'], '/chats/1 of elsewhere /chats/1'])
})

test('a layer that is closed otherwise takes its entry back, so the next Back leaves the page', async () => {
  const close = open('menu')
  await browser.settle()
  close()
  await browser.settle()
  expect([closed, here()]).toEqual([[], '/chats/1 of elsewhere /chats/1'])
})

test('a menu whose choice opens a dialog leaves one entry', async () => {
  const close = open('menu')
  await browser.settle()
  close()
  open('dialog')
  await browser.settle()
  expect(here()).toBe('/chats/1 of elsewhere /chats/1 /chats/1')
  await goBack()
  expect([closed, here()]).toEqual([['dialog'], '/chats/1 of elsewhere /chats/1'])
})

test('a dialog that opens while the entry of a menu is being taken back gets one of its own', async () => {
  const close = open('menu')
  await browser.settle()
  close()
  await Promise.resolve()
  await Promise.resolve()
  open('dialog')
  await browser.settle()
  await goBack()
  expect([closed, here()]).toEqual([['dialog'], '/chats/1 of elsewhere /chats/1'])
})

test('a layer that does not close keeps its entry', async () => {
  layers.add(() => closed.push('question'))
  await browser.settle()
  await goBack()
  await goBack()
  expect([closed, browser.page]).toEqual([['question', 'question'], '/chats/1'])
})

test('a page that is opened from a dialog stands directly after the page of the dialog', async () => {
  const close = open('dialog')
  await browser.settle()
  expect(navigate('/chats/2')).toBe(false)
  close()
  await browser.settle()
  expect(here()).toBe('/chats/2 of elsewhere /chats/1 /chats/2')
  await goBack()
  expect([closed, browser.page]).toEqual([[], '/chats/1'])
})

test('a page that is opened while the entry of a layer is being taken back is opened after that', async () => {
  const close = open('menu')
  await browser.settle()
  close()
  await Promise.resolve()
  expect(navigate('/people')).toBe(false)
  await browser.settle()
  expect(here()).toBe('/people of elsewhere /chats/1 /people')
})

test('a layer that stays open on the next page has its entry there', async () => {
  open('panel')
  await browser.settle()
  navigate('/people')
  await browser.settle()
  expect(here()).toBe('/people of elsewhere /chats/1 /people /people')
  await goBack()
  expect([closed, here()]).toEqual([['panel'], '/people of elsewhere /chats/1 /people'])
})

test('forward to the entry of a closed layer leads back to its page', async () => {
  open('menu')
  await browser.settle()
  await goBack()
  browser.go(1)
  await browser.settle()
  expect(here()).toBe('/chats/1 of elsewhere /chats/1')
})

test('forward and back between pages are left alone', async () => {
  navigate('/people')
  await browser.settle()
  await goBack()
  expect(here()).toBe('/chats/1 of elsewhere /chats/1')
  browser.go(1)
  await browser.settle()
  expect(here()).toBe('/people of elsewhere /chats/1 /people')
})

test('layers that were opened before the code was there get their entries', async () => {
  open('panel')
  layers.onChange = () => undefined
  open('menu')
  loadEntries()
  await browser.settle()
  expect(here()).toBe('/chats/1 of elsewhere /chats/1 /chats/1 /chats/1')
})

test('Kit takes the entry of a layer for the entry of its page', async () => {
  open('menu')
  await browser.settle()
  expect(browser.state).toMatchObject({ kit: 1 })
})

test('a browser that does not go back opens the next page all the same', async () => {
  open('dialog')
  await browser.settle()
  browser.isStuck = true
  navigate('/people')
  await browser.settle()
  timers.at(-1)?.()
  await browser.settle()
  expect(browser.page).toBe('/people')
})
