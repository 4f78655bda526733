/** Where to go after signing in: a path of this app, whatever the address says. */
export function nextPath(asked: string | null): string {
  const inside = asked?.startsWith('/') && !/^\/[/\\]/.test(asked) && !asked.startsWith('/signin')
  return asked && inside ? asked : '/'
}
