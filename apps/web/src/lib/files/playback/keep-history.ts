/** The bar takes its height from what is below: the history stays where it is on the screen, so that nothing moves under a finger. */
export function keepHistory(bar: HTMLElement): () => void {
  const height = bar.offsetHeight
  for (const history of histories()) history.scrollTop += height
  return () => {
    // The bar is gone already, and the browser has kept the end of a history where it was.
    for (const history of histories()) if (toEnd(history) > 1) history.scrollTop -= height
  }
}

const histories = () => document.querySelectorAll('[role=log]')

function toEnd({ scrollHeight, clientHeight, scrollTop }: Element): number {
  return scrollHeight - clientHeight - scrollTop
}
