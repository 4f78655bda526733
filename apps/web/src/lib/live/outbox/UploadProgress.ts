/** How far each attachment has come that this tab uploads. */
export class UploadProgress {
  readonly #sentBytes = new Map<string, number>()
  readonly #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Undefined when nothing of it was sent from here. */
  sentBytes(attachmentId: string): number | undefined {
    return this.#sentBytes.get(attachmentId)
  }

  note(attachmentId: string, sentBytes: number): void {
    this.#sentBytes.set(attachmentId, sentBytes)
    this.#onChange()
  }
}
