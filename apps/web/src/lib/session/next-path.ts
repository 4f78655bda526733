/** The page after signing in. Only a path of this app is taken, so that a link cannot lead to another site. */
export function nextPath(asked: string | null): string {
  // The second slash would begin a host; browsers pass over tabs and line breaks before it.
  const inside = asked?.startsWith('/') && !/^\/[\t\n\r]*[/\\]/.test(asked) && !asked.startsWith('/signin')
  return asked && inside ? asked : '/'
}

/** The address of the sign-in, which leads back to this path. */
export function signInPath(back: string): string {
  return back === '/' ? '/signin' : `/signin?next=${encodeURIComponent(back)}`
}
