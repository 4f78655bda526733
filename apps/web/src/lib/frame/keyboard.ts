/** The key that commands are given with: ⌘ where Apple made the keyboard. */
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'
}

/** "?" is Shift and the key left of the right Shift, or wherever the layout has it. */
export function isQuestionMark(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  return event.key === '?' || (event.code === 'Slash' && event.shiftKey)
}

/** A single key is a shortcut only where no letter can be meant. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
