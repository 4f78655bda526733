/** Somebody looks at this page: it is visible, and its window is the one in use. What is shown then counts as read. */
export function hasAttention(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus()
}
