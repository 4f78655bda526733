/**
 * The name under which a download is saved. Browsers clean names by rules of their own, and other programs do not: no path, no name that
 * means a folder, and none that Windows takes for a device.
 */
export function savedName(name: string): string {
  const inFolder = name.replace(/[/\\]/g, '_')
  return onlyDots.test(inFolder) || device.test(inFolder) ? `_${inFolder}` : inFolder
}

const onlyDots = /^[.\s]+$/
const device = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|\s*$)/i
