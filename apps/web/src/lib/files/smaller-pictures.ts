import { readStored, writeStored } from '#lib/browser/storage.ts'

const KEY = 'veche.smallerPictures'

/** Whether this device makes pictures smaller before it sends them. */
export function sendsSmallerPictures(): boolean {
  return readStored(KEY) === 'yes'
}

export function sendSmallerPictures(isSmaller: boolean): void {
  writeStored(KEY, isSmaller ? 'yes' : 'no')
}
