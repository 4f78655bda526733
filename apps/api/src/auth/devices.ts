type Named = [name: string, mark: RegExp]

/** The device in plain words, like "Chrome on Windows". It is short, whatever the client sends. */
export function deviceName(agent: string | undefined): string {
  // The names stand near the beginning; a client must not make the server search a megabyte.
  const text = (agent ?? '').slice(0, 500)
  const browser = find(browsers, text)
  const system = find(systems, text)
  if (browser && system) return `${browser} on ${system}`
  return browser ?? system ?? program(text) ?? 'Unknown device'
}

// Order matters: most browsers claim to be Chrome or Safari as well.
const browsers: Named[] = [
  ['Edge', /\bEdg(e|A|iOS)?\//],
  ['Opera', /\b(OPR|OPT|Opera)\//],
  ['Yandex Browser', /\bYaBrowser\//],
  ['Vivaldi', /\bVivaldi\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /\b(Chrome|HeadlessChrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
]

const systems: Named[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMac OS X\b|\bMacintosh\b/],
  ['Linux', /\bLinux\b|\bX11\b/],
]

function find(names: Named[], text: string): string | undefined {
  return names.find(([, mark]) => mark.test(text))?.[0]
}

/** Programs name themselves first: "curl/8.5.0". */
function program(text: string): string | undefined {
  return /^([A-Za-z][A-Za-z0-9._-]{0,30})(\/|$|\s)/.exec(text)?.[1]
}
