import type { Env } from '../env.ts'
import type { KeptMail } from './mailbox.ts'
import { escapeHtml } from './text.ts'

/** Every part of a mail is escaped: nothing in it becomes markup of this page. */
export function mailboxPage(mails: KeptMail[], env: Env): string {
  const title = `Mailbox of ${env.SERVER_NAME}`
  const list = mails.length > 0 ? mails.map(article).join('') : '<p>No mail yet.</p>'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="/icons/bell.svg" type="image/svg+xml">
<link rel="stylesheet" href="/dev/mail.css">
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="muted">All mail is caught here until SMTP_URL names a mail server. Newest first.</p>
${list}
</main>
</body>
</html>
`
}

function article({ to, subject, text, at }: KeptMail): string {
  return `<article>
<h2>${escapeHtml(subject)}</h2>
<p class="muted">To ${escapeHtml(to)} · <time datetime="${escapeHtml(at)}">${escapeHtml(at.replace('T', ' ').slice(0, 19))} UTC</time></p>
<pre>${escapeHtml(text)}</pre>
</article>
`
}

export const mailboxStyles = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 720px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 22px; }
h2 { margin: 0; font-size: 17px; overflow-wrap: anywhere; }
article { margin: 16px 0; padding: 16px; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 10px; }
pre { margin: 12px 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.muted { margin: 4px 0; opacity: 0.8; font-size: 13px; overflow-wrap: anywhere; }
`
