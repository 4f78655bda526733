/** Names and messages that try to become code, to turn the text around them, or to push it out of the window. */
export const markup = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
const reversed = '\u202Egpj.exe\u202C \u2066hidden'
export const hostileNames = [
  `<img src=x onerror=alert(1)> & "quotes" 'too' {{7*7}} \${7*7}`,
  reversed,
  'W'.repeat(64),
  '👩‍👩‍👧‍👦'.repeat(5) + ' 🏳️‍🌈',
  'Z̸͇̀ä̶̪l̷͉̇g̵̩̈́o̶̺͝ ' + 'о'.repeat(40),
  'http://example.org/name',
]
export const hostileMessages = [
  reversed,
  'x'.repeat(4096),
  'Ж'.repeat(300) + '🙂'.repeat(300),
  'javascript:alert(1) data:text/html,<script>alert(1)</script> https://user:secret@example.org/%2e%2e/"><b>',
  '\n\n\n  spaces   and\ttabs\u0000 \u200B\u200B and a zero \uFEFF end \n\n',
  `https://example.org/${'a'.repeat(2000)}`,
  '%s %d {0} {name} ${x} &lt;b&gt; &#128512; \\u0041 __proto__ constructor',
  // The last one is on the screen when the chat is opened.
  markup,
]
