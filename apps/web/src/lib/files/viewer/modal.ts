/** An attachment: opens the dialog over the page, and gives the focus back when it goes. */
export function modal(dialog: HTMLDialogElement): () => void {
  const focusBefore = document.activeElement
  dialog.showModal()
  dialog.focus()
  return () => {
    if (focusBefore instanceof HTMLElement && focusBefore.isConnected) focusBefore.focus()
  }
}
