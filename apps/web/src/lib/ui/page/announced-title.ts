/**
 * SvelteKit lets screen readers hear the title of the document as soon as the components of another page are there. A page that learns
 * its title later puts it in the place of what was said: that was the title of the page before.
 */
export function correctAnnouncedTitle(): void {
  for (const node of document.getElementById('svelte-announcer')?.childNodes ?? [])
    if (node instanceof Text && node.data.trim() && node.data !== document.title) node.data = document.title
}
