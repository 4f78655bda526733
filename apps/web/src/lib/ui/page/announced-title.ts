/**
 * SvelteKit lets screen readers hear the title of the document as soon as the components of another page are there. A page that learns
 * its title later was announced with the title of the page before, so its own title replaces that announcement.
 */
export function correctAnnouncedTitle(): void {
  for (const node of document.getElementById('svelte-announcer')?.childNodes ?? [])
    if (node instanceof Text && node.data.trim() && node.data !== document.title) node.data = document.title
}
