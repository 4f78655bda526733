/** The name of the key for commands: ⌘ on an Apple keyboard. */
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'
}

/** False on a phone or a tablet, which people use with a finger: there a hint about a key helps nobody. */
export function mayHaveKeyboard(): boolean {
  return !matchMedia('(pointer: coarse) and (hover: none)').matches
}

/** The "?" of the layout, or Shift with the key that is "/" on a US keyboard: Russian layouts have "?" elsewhere. */
export function isQuestionMark(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  return event.key === '?' || (event.code === 'Slash' && event.shiftKey)
}

/** A single key is no shortcut while the person types. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
