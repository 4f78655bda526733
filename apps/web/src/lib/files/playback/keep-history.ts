/** The bar takes its height from what is below: the history stays where it is on the screen, so that nothing moves under a finger. */
export function keepHistory(bar: HTMLElement): () => void {
  const move = (by: number) => {
    for (const history of document.querySelectorAll('[role=log]')) history.scrollTop += by
  }
  move(bar.offsetHeight)
  return () => move(-bar.offsetHeight)
}
