/**
 * Moves the focus to a message that was asked for, so that assistive technology reads it. It may keep the focus when its mark is gone.
 * The mark shows where the focus is, so an outline is drawn only once a key is pressed.
 */
export function focusMarked(node: HTMLElement): void {
  node.tabIndex = -1
  node.focus({ preventScroll: true, focusVisible: false })
  const showFocus = () => {
    node.blur()
    node.focus({ preventScroll: true, focusVisible: true })
  }
  node.addEventListener('keydown', showFocus, { once: true })
}
