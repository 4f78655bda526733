import { tick } from 'svelte'

/** Attached to the first field of a form. A touch keyboard would cover the page, so there it waits for a touch. */
export function focused(node: HTMLElement) {
  if (matchMedia('(pointer: fine)').matches) node.focus()
}

/** Brings whoever pressed the button to the first field that will not do. */
export async function focusFirstWrong(form: EventTarget | null) {
  await tick()
  if (form instanceof HTMLElement) form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}

/** What scrolls can be scrolled with keys, also when nothing in it takes the focus. */
export function scrolledByKeys(pane: HTMLElement) {
  pane.tabIndex = 0
}
