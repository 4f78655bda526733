import type { FileItem } from '../gallery/gallery-items.ts'
import type { Gallery } from '../gallery/Gallery.svelte.ts'

const LOAD_WITHIN = 4

type ViewedFilesOptions = {
  gallery: Gallery
  fileKey: string
  /** Another file is looked at now. */
  onmove: () => void
}

/** The pictures and videos of a gallery, one of which is looked at. When that is deleted, the one that takes its place is. */
export class ViewedFiles {
  #key = $state('')
  readonly items = $derived.by(() => this.#gallery.items.filter(isViewable))
  readonly index = $derived(this.items.findIndex(({ key }) => key === this.#key))
  readonly current: FileItem | undefined = $derived(this.items[this.index])
  /** It and those beside it. */
  readonly slides = $derived(this.items.slice(Math.max(0, this.index - 1), this.index + 2))
  /** Their number is known. */
  readonly isWhole = $derived.by(() => {
    const { older, newer, isHeldOnly } = this.#gallery
    return older === 'end' && newer === 'end' && !isHeldOnly
  })
  readonly #gallery: Gallery
  readonly #onmove: () => void
  /** Where the file stood, for the case that its message is deleted. */
  #indexBefore = 0
  #looked: FileItem | null = null
  /** It went away while it was looked at. */
  #lost: FileItem | null = null

  constructor({ gallery, fileKey, onmove }: ViewedFilesOptions) {
    this.#gallery = gallery
    this.#key = fileKey
    this.#onmove = onmove
  }

  /** The last one that went away, or else the one that was looked at last. */
  get lastLooked(): FileItem | null {
    return this.#lost ?? this.#looked
  }

  move(by: number): void {
    this.#show(this.items[this.index + by])
  }

  moveTo(end: 0 | -1): void {
    this.#show(this.items.at(end))
  }

  /** In an effect. False when nothing is left to be looked at. */
  keepPlace(): boolean {
    if (this.current) {
      this.#indexBefore = this.index
      this.#looked = this.current
      return true
    }
    this.#lost = this.#looked
    this.#show(this.items[Math.min(this.#indexBefore, this.items.length - 1)])
    return this.items.length > 0
  }

  /** In an effect. */
  loadAround(): void {
    const { older, newer } = this.#gallery
    if (this.index < LOAD_WITHIN && older === 'more') void this.#gallery.load('older')
    if (this.index >= this.items.length - LOAD_WITHIN && newer === 'more') void this.#gallery.load('newer')
  }

  #show(next: FileItem | undefined): void {
    if (!next) return
    this.#key = next.key
    this.#onmove()
  }
}

function isViewable(item: Gallery['items'][number]): item is FileItem {
  return item.href === null && item.file.url !== null && (item.file.isPicture || item.file.isVideo)
}
