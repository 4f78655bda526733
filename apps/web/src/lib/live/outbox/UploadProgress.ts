/** How far each attachment has come that this tab uploads. */
export class UploadProgress {
  readonly #sentBytes = new Map<string, number>()
  readonly #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Undefined while nothing of it is being sent from here. */
  sentBytes(attachmentId: string): number | undefined {
    return this.#sentBytes.get(attachmentId)
  }

  note(attachmentId: string, sentBytes: number | undefined): void {
    if (sentBytes === undefined) this.#sentBytes.delete(attachmentId)
    else this.#sentBytes.set(attachmentId, sentBytes)
    this.#onChange()
  }
}
