/** In WebKit a search field keeps Esc for itself, also when it is empty: then the dialog around it is closed here. */
export function closeFromSearch(event: KeyboardEvent): void {
  const { key, target } = event
  if (key !== 'Escape' || !(target instanceof HTMLInputElement) || target.value) return
  const dialog = target.closest('dialog')
  if (!dialog) return
  event.preventDefault()
  if (dialog.dispatchEvent(new Event('cancel', { cancelable: true }))) dialog.close()
}
