/** Attached to the first field of a form. A touch keyboard would cover the page, so there it waits for a touch. */
export function focused(node: HTMLElement) {
  if (matchMedia('(pointer: fine)').matches) node.focus()
}
