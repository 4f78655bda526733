import { tick } from 'svelte'

/** For the first field of a form. Not on a touch screen, where the keyboard would cover the page. */
export function focusOnMount(node: HTMLElement) {
  if (matchMedia('(pointer: fine)').matches) node.focus()
}

/** Moves the focus to the first field that is not valid. */
export async function focusFirstInvalid(form: EventTarget | null) {
  await tick()
  if (form instanceof HTMLElement) form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}

/** Lets the keyboard scroll an element in which nothing takes the focus. */
export function scrollableByKeys(node: HTMLElement) {
  node.tabIndex = 0
}
