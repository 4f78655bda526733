/** Moves the focus to a message that was asked for, so that assistive technology reads it. It may keep the focus when its mark is gone. */
export function focusMarked(node: HTMLElement): void {
  node.tabIndex = -1
  node.focus({ preventScroll: true })
}
