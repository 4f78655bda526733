/** Where to go after signing in. An address could name a foreign site, so only paths of this app are taken. */
export function returnPath(asked: string | null): string {
  const inside = asked?.startsWith('/') && !/^\/[/\\]/.test(asked) && !asked.startsWith('/signin')
  return asked && inside ? asked : '/'
}
